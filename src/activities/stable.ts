/** Releases that a service may go back to. They lie on the hosts of its balancers, for its own hosts come and go. */
import { PawlError } from '../contracts/failures';
import { Stable } from '../contracts/stable';
import { releaseKey, releaseText } from '../domain/stable';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { keepers, keptLines } from './keepers';
import type { World, Worlds } from './world';

export function stableActivities(worlds: Worlds) {
  return {
    /**
     * Writes down that a release has proven itself.
     *
     * @param input.forget releases that have not, by their keys, though it looked so
     */
    async noteStable(input: {
      change: ChangeRef;
      service: { name: string };
      stable: Stable;
      forget: string[];
    }): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { fence, signal } = attempt(input.change);
      const { service, stable, forget } = input;
      const fenced = [String(fence.epoch), String(fence.attempt)];
      const args = [...fenced, service.name, releaseKey(stable), JSON.stringify(stable), forget.join(' ')];
      for (const remote of keepers(world, service.name)) {
        const { code, stderr } = await remote.run('note-stable', args, { signal });
        if (code !== 0)
          throw new PawlError(
            'CommandFailed',
            `${remote.name}: that ${service.name} ${releaseText(stable)} is stable cannot be kept: ${stderr.trim().slice(0, 300)}`,
          );
      }
    },
  };
}

/** Newest first. */
export async function stableOf(world: World, service: string, signal: AbortSignal): Promise<Stable[]> {
  const lines = await keptLines(world, service, 'read-stable', signal);
  const newest = new Map<string, Stable>();
  for (const [, text] of lines) {
    const found = Stable.safeParse(text);
    if (!found.success) continue;
    const key = releaseKey(found.data);
    const known = newest.get(key);
    if (!known || known.since < found.data.since) newest.set(key, found.data);
  }
  return [...newest.values()].sort((one, other) => other.since.localeCompare(one.since));
}
