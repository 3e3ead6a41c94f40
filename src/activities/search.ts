/** Finds out what runs left behind that cannot tell it any more: a lost lease's holders, a dead change's hosts. */
import { Context, cancellationSignal } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { Held } from '../contracts/lease';
import { leaseId } from '../contracts/lease';
import type { OutOfService } from '../contracts/out-of-service';
import type { PlannedService } from '../contracts/plan';
import type { HostTraffic } from '../contracts/status';
import { readFences } from '../adapters/ssh/fences';
import { outText } from '../domain/about';
import { claimsOf } from '../domain/turn';
import { described, firstRunOf } from './lease';
import { askRun } from './ask-run';
import { marksOf } from './out-of-service';
import { asItIs, observeHost } from './plan/observe';
import type { World, Worlds } from './world';
import { hostsOf } from './world';

/** How a host was found when nobody could tell what was done to it. */
export interface Found {
  service: string;
  unit: string;
  host: string;
  version: string;
  balancers: Record<string, HostTraffic>;
  /** in words, where it is out of service on purpose */
  out?: string;
}

export function searchActivities(worlds: Worlds) {
  return {
    /**
     * Who holds a cluster whose lease is lost: by the lost lease's own word, by the fences on the hosts, and by
     * Temporal's list of runs. Running ones go on holding; those that were cut off have left something.
     */
    async findHolders(input: {
      cluster: string;
      file: string;
      lostRun?: string;
    }): Promise<{ running: Held[]; cut: Held[] }> {
      const { client } = Context.current();
      const world = await worlds.of(input.file);
      const known = new Map<string, Held>();
      for (const held of await byFences(world)) known.set(held.id, held);
      for (const id of await listed(client, input.cluster)) if (!known.has(id)) known.set(id, unknown(id));
      // its own word says most
      for (const held of await byLease(client, input.cluster, input.lostRun)) known.set(held.id, held);
      const running: Held[] = [];
      const cut: Held[] = [];
      await Promise.all(
        [...known.values()].map(async (held) => {
          const run = await described(client, held.id);
          if (!run) return;
          const kind = run.type === 'repair' ? 'repair' : 'change';
          const found = { ...held, kind, change: `${held.id}/${firstRunOf(run)}` } satisfies Held;
          if (run.status.name === 'RUNNING') {
            const says = await holding(client, held.id);
            // one that holds nothing yet asks again by itself
            if (says ?? (says === undefined && held.epoch)) running.push({ ...found, ...says });
          } else if (held.epoch && (run.status.name === 'TERMINATED' || run.status.name === 'TIMED_OUT'))
            cut.push(found);
        }),
      );
      return { running, cut };
    },

    /** All that a run knew when it ended. Null when that cannot be had: its history is gone, say. */
    async readState(input: { id: string; runId?: string }): Promise<unknown> {
      const { client } = Context.current();
      return (await askRun(client, input, 'state')) ?? null;
    },

    /** How hosts are, by their own and the balancers' word. What cannot be read is `unknown`. */
    async lookAround(input: { file: string; hosts: string[] }): Promise<Found[]> {
      const world = await worlds.of(input.file);
      const looks = Object.entries(world.cluster.services).map(async ([name, service]) => {
        const hosts = hostsOf(world.cluster, name).filter((host) => input.hosts.includes(host.name));
        const marks = hosts.length ? await marksOf(world, name, cancellationSignal()) : {};
        return Promise.all(hosts.map((host) => look(world, { ...service, name }, host, marks[host.name])));
      });
      return (await Promise.all(looks)).flat();
    },
  };
}

async function look(
  world: World,
  service: PlannedService,
  host: ReturnType<typeof hostsOf>[number],
  mark: OutOfService | undefined,
): Promise<Found> {
  const { facts } = await observeHost(world, service, host, cancellationSignal(), asItIs);
  const unknown: HostTraffic = { state: 'unknown', weight: 0, sessions: 0 };
  const balancers = host.places.map(
    ({ balancer }) => [balancer, facts.traffic[balancer] ?? unknown] as const,
  );
  return {
    service: service.name,
    unit: service.unit,
    host: host.name,
    version: facts.version || 'unknown',
    balancers: Object.fromEntries(balancers),
    ...(mark && { out: outText(host.name, mark) }),
  };
}

const unknown = (id: string): Held => ({
  id,
  change: id,
  what: 'a change that was found at work',
  rank: 'usual',
  claims: [],
  same: [],
  kind: 'change',
  epoch: 0,
  since: new Date().toISOString(),
  yielding: null,
});

/** A host that gives no answer is left out: its fence rises with the next write to it. */
async function byFences(world: World): Promise<Held[]> {
  const { cluster } = world;
  const found = new Map<string, Held>();
  await Promise.all(
    Object.keys(cluster.hosts).map(async (host) => {
      const lanes = await readFences(world.hosts.on(host), cancellationSignal()).catch(() => []);
      for (const { lane, epoch, holder } of lanes) {
        if (!Object.hasOwn(cluster.services, lane)) continue;
        const held = found.get(holder) ?? unknown(holder);
        const place = hostsOf(cluster, lane).filter(({ name }) => name === host);
        found.set(holder, {
          ...held,
          epoch: Math.max(held.epoch, epoch),
          claims: [...held.claims, ...claimsOf([lane], place)],
        });
      }
    }),
  );
  return [...found.values()];
}

/** Lists lag behind by a moment, and some servers have none: the fences tell the rest. */
async function listed(client: Client, cluster: string): Promise<string[]> {
  const ids: string[] = [];
  const query = `PawlCluster = '${cluster}' AND ExecutionStatus = 'Running' AND WorkflowType != 'lease'`;
  try {
    for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  } catch {
    return ids;
  }
  return ids;
}

async function byLease(client: Client, cluster: string, runId?: string): Promise<Held[]> {
  if (runId === undefined) return [];
  const state = (await askRun(client, { id: leaseId(cluster), runId }, 'state')) as
    { held?: Held[] } | undefined;
  return state?.held ?? [];
}

/** What a running change holds, by its own word: null is nothing, undefined is no answer. */
async function holding(client: Client, id: string): Promise<Partial<Held> | null | undefined> {
  return (await askRun(client, { id }, 'holding')) as Partial<Held> | null | undefined;
}
