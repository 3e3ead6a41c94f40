/** Looks at the hosts of a service for months, as the worker and as the balancers see them. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Looked, PlannedWatch, Watched, WatchMemory, WatchPolicy } from '../contracts/health-watch';
import { actOfRun } from '../contracts/health-watch';
import { PawlError } from '../contracts/failures';
import type { PlannedHost } from '../contracts/plan';
import type { HostTraffic } from '../contracts/status';
import type { TrafficFacts } from '../contracts/world';
import { faultSeen, judgeLook, looksAlike } from '../domain/health-watch';
import { attempt } from './attempt';
import { busyHosts } from './busy';
import { parseHealthWatch, planWatch, refuseSecond } from './plan/health-watch';
import { askHealth } from './probe';
import type { World, Worlds } from './world';
import { hostsOf } from './world';

/** Milliseconds after which a watch without news comes back all the same, so that its workflow can begin anew. */
const LONGEST = 12 * 3_600_000;

export function healthWatchActivities(worlds: Worlds, leaving: () => boolean = () => false) {
  return {
    async planHealthWatch(raw: unknown): Promise<PlannedWatch> {
      const input = parseHealthWatch(raw);
      const plan = planWatch(input, await worlds.read(input.cluster));
      const { client, info } = Context.current();
      if (!plan.dryRun) await refuseSecond(client, plan, info.workflowExecution?.workflowId ?? '');
      return plan;
    },

    /**
     * Looks at all hosts of a service every so many seconds, until there is news, or hosts look otherwise than people
     * see them. What it has counted goes along with its heartbeats: a worker that dies neither forgets failures nor
     * counts them faster.
     */
    async watchService(input: {
      cluster: string;
      file: string;
      service: string;
      policy: WatchPolicy;
      memory: WatchMemory;
      /** what people see of it */
      looked: Looked[];
    }): Promise<Watched> {
      const { signal, progress } = attempt({ epoch: 0 });
      const { client, info } = Context.current();
      let memory = remembered(info.heartbeatDetails) ?? input.memory;
      for (const begun = performance.now(); ;) {
        const next = memory.at + input.policy.intervalSeconds * 1_000 - Date.now();
        if (next > 0) await untilNext(Math.min(next, input.policy.intervalSeconds * 1_000), leaving, signal);
        const world = await worlds.of(input.file);
        const looked = await lookAtService(
          world,
          input.service,
          await busyHosts(client, input.cluster),
          signal,
        );
        const judged = judgeLook(memory, looked, input.policy, Date.now());
        memory = judged.memory;
        if (judged.news.length || !looksAlike(input.looked, looked) || performance.now() - begun > LONGEST)
          return { memory, news: judged.news, looked };
        progress(JSON.stringify(memory));
      }
    },
  };
}

function remembered(details: unknown): WatchMemory | undefined {
  if (typeof details !== 'string') return undefined;
  try {
    return JSON.parse(details) as WatchMemory;
  } catch {
    return undefined;
  }
}

/** A worker that is about to end gives the watch to the next one at once. */
async function untilNext(ms: number, leaving: () => boolean, signal: AbortSignal): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (leaving())
      throw ApplicationFailure.create({
        message: 'its worker is about to end; the next one looks on',
        nextRetryDelay: '100ms',
      });
    await delay(Math.min(500, end - performance.now()), undefined, { signal });
  }
}

async function lookAtService(
  world: World,
  service: string,
  busy: (host: string) => string | null,
  signal: AbortSignal,
): Promise<Looked[]> {
  const hosts = hostsOf(world.cluster, service);
  const balancers = await lookAtBalancers(world, service, hosts, signal);
  return Promise.all(
    hosts.map(async (host) => {
      const own = await faultOf(world, service, host, signal);
      const seen = host.places.map(
        ({ balancer }) => [balancer, balancers[balancer]?.facts[host.name]] as const,
      );
      return {
        host: host.name,
        fault: faultSeen(own, Object.fromEntries(seen)),
        serving: seen.every(([, facts]) => facts?.state === 'in'),
        away: awayOf(service, host.name, Object.values(balancers)),
        busy: busy(host.name),
        balancers: Object.fromEntries(seen.map(([balancer, facts]) => [balancer, shownAs(facts)])),
      };
    }),
  );
}

/** By host. */
interface AtBalancer {
  facts: Record<string, TrafficFacts | undefined>;
  wantedBy: Record<string, string | undefined>;
}

/** One that gives no answer says nothing of any host. */
async function lookAtBalancers(
  world: World,
  service: string,
  hosts: PlannedHost[],
  signal: AbortSignal,
): Promise<Record<string, AtBalancer>> {
  const routes = world.cluster.services[service]?.routes ?? [];
  const looks = routes.map(async ({ balancer, backend }): Promise<[string, AtBalancer]> => {
    const places = hosts.flatMap(({ name, places: all }) =>
      all
        .filter((place) => place.balancer === balancer && place.backend === backend)
        .map((place) => ({ name, ...place })),
    );
    const nameOf = (server: string) => places.find((place) => place.server === server)?.name ?? server;
    try {
      // first what is wanted: so that it is true when it is looked at
      const { kept, unowned } = await world.balancer(balancer).reconcile(places, signal);
      const facts = await world.balancer(balancer).backend(backend, signal);
      const wanted = [
        ...kept.filter((one) => one.wanted.state !== 'in').map(({ server, by }) => [nameOf(server), by]),
        ...unowned.map(({ server }) => [nameOf(server), 'somebody']),
      ];
      return [
        balancer,
        {
          facts: Object.fromEntries(places.map(({ name, server }) => [name, facts[server]])),
          wantedBy: Object.fromEntries(wanted) as AtBalancer['wantedBy'],
        },
      ];
    } catch (error) {
      if (signal.aborted || !(error instanceof PawlError)) throw error;
      return [balancer, { facts: {}, wantedBy: {} }];
    }
  });
  return Object.fromEntries(await Promise.all(looks));
}

/** @returns null: it is well; undefined: the host cannot be reached, so nobody can tell */
async function faultOf(
  world: World,
  name: string,
  host: PlannedHost,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  try {
    const { fault } = await askHealth(world.hosts.on(host.name), world.cluster.services[name]!, signal);
    return fault ?? null;
  } catch (error) {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return undefined;
  }
}

/** Who is no watch comes first: what it wants is none of ours. */
function awayOf(service: string, host: string, balancers: AtBalancer[]): Looked['away'] {
  const by = balancers.flatMap(({ wantedBy }) => wantedBy[host] ?? []);
  const all = by.map((id) => ({ by: id, own: actOfRun(service, host, id) }));
  return all.find(({ own }) => own === null) ?? all[0] ?? null;
}

function shownAs(facts: TrafficFacts | undefined): HostTraffic {
  if (!facts) return { state: 'unknown', weight: 0, sessions: 0 };
  const { state, weight, sessions } = facts;
  return { state, weight, sessions };
}
