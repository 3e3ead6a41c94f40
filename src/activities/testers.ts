import type { Mistake } from '../contracts/failures';
import type { PlannedHost } from '../contracts/plan';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import type { World, Worlds } from './world';

export function testersActivities(worlds: Worlds) {
  return {
    /**
     * Sends test users of a service to one host, at all of its balancers.
     *
     * @param input.host null: they are treated like all others
     */
    async steerTesters(input: {
      change: ChangeRef;
      service: { name: string };
      host: PlannedHost | null;
    }): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { fence, signal } = attempt(input.change);
      const routes = world.cluster.services[input.service.name]?.routes ?? [];
      await Promise.all(
        routes.map(async ({ balancer, backend }) => {
          const at = input.host?.places.find(
            (place) => place.balancer === balancer && place.backend === backend,
          );
          await world.steering(balancer).steer(backend, at?.server ?? null, fence, signal);
        }),
      );
    },
  };
}

/** What keeps test users of a service from being told apart; asks balancers and changes nothing. */
export async function testerMistakes(world: World, name: string, signal: AbortSignal): Promise<Mistake[]> {
  const { testers, routes } = world.cluster.services[name]!;
  const mistake = (code: string, path: string, value: string, rule: string) => [{ code, path, value, rule }];
  if (!testers)
    return mistake(
      'noTesters',
      'testers',
      'true',
      `the cluster file must say how they are known: services.${name}.testers, such as {header: X-Pawl-Tester}`,
    );
  const found = await Promise.all(
    routes.map(async ({ balancer, backend }, index) => {
      const path = `services.${name}.routes.${index}`;
      const complaints = await world.steering(balancer).examine(backend, signal);
      return complaints.flatMap(({ code, what }) =>
        mistake(code, path, balancer, `${what}; \`pawl doctor\` puts them in`),
      );
    }),
  );
  return found.flat();
}
