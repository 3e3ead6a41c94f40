/** Keeps balancers as changes want them, whatever happens to them, and says what nobody wanted. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type {
  BalancerFinding,
  BalancerLook,
  BalancerNews,
  HandBack,
  KeptPlace,
} from '../contracts/balancer-truth';
import { PawlError } from '../contracts/failures';
import type { PlannedNotifications } from '../contracts/notifications';
import type { Place } from '../contracts/plan';
import type { KeptServer, Reconciled, WantedTraffic } from '../contracts/world';
import { newsOf, newWatch } from '../domain/balancer-truth';
import { plannedNotifications } from './plan/notifications';
import type { World, Worlds } from './world';
import { hostsOf } from './world';

/** Milliseconds between two looks at all balancers; one takes some 10. */
const ROUND = 3_000;

/** A place in a balancer, and whose it is. */
type Owned = Place & { service: string; host: string };

export function balancerActivities(worlds: Worlds, leaving: () => boolean = () => false) {
  return {
    /**
     * Looks at all balancers of a cluster every few seconds and brings servers back to what changes want of them,
     * until there is news: another finding, one that is over, a repair.
     *
     * @param input.known findings that are known already
     */
    async keepBalancers(input: { file: string; known: BalancerFinding[] }): Promise<BalancerNews> {
      const signal = Context.current().cancellationSignal;
      const watch = newWatch(input.known, performance.now());
      for (;;) {
        const look = await lookAt(worlds, input.file, signal);
        for (const what of look.repaired) Context.current().log.warn(what);
        const news = newsOf(watch, look, performance.now());
        if (news)
          return { kept: look.kept, ...news, tell: await whomToTell(worlds, input.file, news.findings) };
        if (leaving())
          throw ApplicationFailure.create({
            message: 'its worker is about to end; the next one looks on',
            nextRetryDelay: '100ms',
          });
        await delay(ROUND, undefined, { signal });
      }
    },

    /** One look, with repairs where they are due. */
    async lookAtBalancers(input: { file: string }): Promise<BalancerLook> {
      return lookAt(worlds, input.file, Context.current().cancellationSignal);
    },

    /** @returns what was kept of a host and is not any longer; its servers stay as balancers have them */
    async handBack(input: { file: string; host: HandBack['host'] }): Promise<KeptPlace[]> {
      const world = await worlds.of(input.file);
      const signal = Context.current().cancellationSignal;
      const places = ownedPlaces(world).filter(({ host }) => host === input.host);
      const looks = await atBalancers(places, async (balancer, own) => {
        const { kept } = await world.balancer(balancer).reconcile(own, signal);
        for (const one of kept) await world.balancer(balancer).handBack(one, signal);
        return kept.map((one) => keptPlace(one, own));
      });
      return looks.flat();
    },
  };
}

async function lookAt(worlds: Worlds, file: string, signal: AbortSignal): Promise<BalancerLook> {
  let world: World;
  try {
    world = await worlds.of(file);
  } catch (error) {
    const what = `balancers are not looked at: ${(error as Error).message}`;
    return { kept: [], findings: [{ key: 'file', service: null, what }], repaired: [] };
  }
  const looks = await atBalancers(ownedPlaces(world), (balancer, own) =>
    lookAtOne(world, balancer, own, signal),
  );
  return {
    kept: looks.some(({ kept }) => kept === null) ? null : looks.flatMap(({ kept }) => kept ?? []),
    findings: looks.flatMap(({ findings }) => findings),
    repaired: looks.flatMap(({ repaired }) => repaired),
  };
}

async function lookAtOne(
  world: World,
  balancer: string,
  own: Owned[],
  signal: AbortSignal,
): Promise<BalancerLook> {
  try {
    return told(await world.balancer(balancer).reconcile(own, signal), balancer, own);
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    const what = `what ${balancer} shows is not known: ${error.message}`;
    return { kept: null, findings: [{ key: `unavailable ${balancer}`, service: null, what }], repaired: [] };
  }
}

/** What a balancer said, in sentences. */
function told({ kept, repaired, failed, unowned }: Reconciled, balancer: string, own: Owned[]): BalancerLook {
  const at = (one: { backend: string; server: string }) => ownerOf(one, own);
  return {
    kept: kept.map((one) => keptPlace(one, own)),
    repaired: repaired.map(({ says, by, wanted, ...one }) => {
      const { host } = at(one);
      return `${host} was ${says} at ${balancer}; it is ${wantedText(wanted)} again, as ${by} wants it`;
    }),
    findings: [
      ...failed.map(({ why, by, wanted, ...one }) => {
        const { host, service } = at(one);
        const what = `${host} should be ${wantedText(wanted)} at ${balancer}, as ${by} wants it, and cannot be made so: ${why}`;
        return { key: `failed ${balancer} ${one.backend}/${one.server}`, service, what };
      }),
      ...unowned.map(({ says, ...one }) => {
        const { host, service } = at(one);
        const what = `${host} is out of rotation at ${balancer} (${says}), and no change wants that; it is left as it is`;
        return { key: `unowned ${balancer} ${one.backend}/${one.server}`, service, what };
      }),
    ],
  };
}

function keptPlace(one: KeptServer, own: Owned[]): KeptPlace {
  const { service, host, balancer } = ownerOf(one, own);
  const since = new Date(one.since).toISOString();
  return { service, host, balancer, wanted: wantedText(one.wanted), by: one.by, since };
}

function ownerOf(one: { backend: string; server: string }, own: Owned[]): Owned {
  return own.find(({ backend, server }) => backend === one.backend && server === one.server)!;
}

function wantedText(wanted: WantedTraffic): string {
  return wanted.state === 'in' ? `in at weight ${wanted.weight}` : wanted.state;
}

function ownedPlaces(world: World): Owned[] {
  return Object.keys(world.cluster.services).flatMap((service) =>
    hostsOf(world.cluster, service).flatMap(({ name, places }) =>
      places.map((place) => ({ ...place, service, host: name })),
    ),
  );
}

function atBalancers<T>(places: Owned[], look: (balancer: string, own: Owned[]) => Promise<T>): Promise<T[]> {
  const names = [...new Set(places.map(({ balancer }) => balancer))];
  return Promise.all(
    names.map((name) =>
      look(
        name,
        places.filter(({ balancer }) => balancer === name),
      ),
    ),
  );
}

/** The team's channels: users and management do not notice any of it. */
async function whomToTell(
  worlds: Worlds,
  file: string,
  findings: BalancerFinding[],
): Promise<Record<string, PlannedNotifications>> {
  const world = await worlds.of(file).catch(() => null);
  if (!world) return {};
  const { notifications } = world.cluster;
  const team = Object.entries(notifications?.channels ?? {}).filter(
    ([, { audience }]) => audience === 'team',
  );
  const cluster = {
    ...world.cluster,
    notifications: notifications && { ...notifications, channels: Object.fromEntries(team) },
  };
  const services = findings.flatMap(({ service }) => service ?? Object.keys(cluster.services));
  return Object.fromEntries(
    services.flatMap((service) => {
      const to = plannedNotifications(cluster, service);
      return to ? [[service, to] as const] : [];
    }),
  );
}
