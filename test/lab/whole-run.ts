/** What every test of a whole run looks at: requests, hosts out of rotation, effects, and the report. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadOptions, LoadResult } from '../../lab/load';
import { startLoad } from '../../lab/load';
import { PACKAGE } from '../../lab/service/deb';
import type { Report } from '../../src/contracts/status';
import { USUAL_RATE } from '../full';
import { sampleServers } from './ground';
import type { Hosts } from './hosts';

export interface Seen<T> {
  result: T;
  requests: LoadResult;
  /** the most hosts that were out of rotation in one sample of 100 ms */
  mostOut: string[];
  /** every set of hosts that were out together */
  seen: string[];
  samples: number;
}

/** Does something while clients send requests through the balancer and its states are sampled. */
export async function underLoad<T>(
  ground: Hosts,
  work: () => Promise<T>,
  { port = 80, ...options }: Partial<LoadOptions> & { port?: number } = {},
): Promise<Seen<T>> {
  const url = `http://${ground.address('lb1')}:${port}/`;
  const load = await startLoad({ url, rate: USUAL_RATE, ...options });
  const sampler = sampleServers(ground, port === 80 ? 'web' : 'webdeb');
  try {
    const result = await work();
    const seen = { result, ...(await sampler.stop()), requests: await load.stop() };
    if (seen.requests.heldBack > 0) throw new Error(`${seen.requests.heldBack} requests were never sent`);
    return seen;
  } finally {
    await Promise.all([sampler.stop(), load.stop()]);
  }
}

/**
 * Waits until a host works on several of the 8 s requests that come all the time: the youngest of them is young,
 * so the drain that begins now lasts for seconds.
 *
 * @param socket of the balancer; default: the lab's own
 */
export async function untilBusy(ground: Hosts, host: string, socket?: string): Promise<void> {
  for (let looks = 0; looks < 5; await delay(50))
    looks = (await ground.sessions(host, socket)) >= 3 ? looks + 1 : 0;
}

/** The most hosts that were taken out together; those that a balancer takes for dead do not count. */
export function mostTakenOut(seen: readonly string[]): number {
  return Math.max(0, ...seen.map((hosts) => hosts.match(/ (DRAIN|MAINT)/g)?.length ?? 0));
}

/** @returns tells the versions that were started on each host since now, by the hosts' own logs */
export async function startsFromNow(ground: Hosts, service = 'web') {
  const hosts = ground.lab.hosts.filter(({ role }) => role === 'app').map(({ name }) => name);
  const read = () =>
    Promise.all(hosts.map(async (name) => [name, await ground.starts(name, service)] as const));
  const before = Object.fromEntries(await read());
  return async (): Promise<Record<string, string[]>> => {
    const now = await read();
    const added = now.map(([name, lines]) => {
      const versions = lines.slice(before[name]!.length).map(({ version }) => version);
      return versions.length ? { [name]: versions } : {};
    });
    return Object.assign({}, ...added) as Record<string, string[]>;
  };
}

/** The version that a host would start, by what lies on its disk. */
export async function installed(ground: Hosts, host: string, service = 'web'): Promise<string> {
  return service === 'web'
    ? ground.inside(host, 'cat', '/opt/web/current/version')
    : ground.inside(host, 'dpkg-query', '-W', '-f', '${Version}', PACKAGE);
}

/**
 * Looks again for a few seconds: a busy machine may hold up two checks of a host that is well, and HAProxy takes it
 * for dead until the next one.
 */
async function soon(look: () => Promise<void>): Promise<void> {
  for (const until = Date.now() + 5_000; ; await delay(200))
    try {
      return await look();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
}

/** The report names version and balancer state of each host as they are, and nobody is out without being named. */
export const expectTruth = (ground: Hosts, report: Report) => soon(() => lookForTruth(ground, report));

async function lookForTruth(ground: Hosts, report: Report): Promise<void> {
  const service = report.service ?? 'web';
  const states = await ground.servers(service);
  const told = report.hosts.map(({ name, version, balancers }) => ({
    name,
    version,
    in: balancers['edge']?.state === 'in',
  }));
  const truth = await Promise.all(
    report.hosts.map(async ({ name }) => ({
      name,
      version: await installed(ground, name, service),
      in: states[name] === 'UP',
    })),
  );
  expect(told).toEqual(truth);
  const out = Object.keys(states).filter((name) => states[name] !== 'UP');
  const named = report.leftToDo.map(({ host }) => host);
  expect(out.filter((name) => !named.includes(name))).toEqual([]);
}

/** Everybody is back in rotation at full weight. */
export const expectAllIn = (ground: Hosts, backend = 'web') => soon(() => lookWhetherAllIn(ground, backend));

async function lookWhetherAllIn(ground: Hosts, backend: string): Promise<void> {
  const states = await ground.servers(backend);
  expect(states).toEqual(Object.fromEntries(Object.keys(states).map((name) => [name, 'UP'])));
  const weights = (await ground.haproxy(`show servers state ${backend}`)).trim().split('\n').slice(2);
  expect(weights.map((row) => row.split(' ')[7])).toEqual(weights.map(() => '100'));
}
