import type { ServerTally, Tally } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import type { PlannedHost } from '../../contracts/plan';
import type { CountedRequests } from '../../contracts/world';
import type { Seen } from '../../domain/judge';
import { counted, noRequests, total } from '../../domain/tally';
import { tried } from '../tried';
import type { World } from '../world';

type Shown = Record<string, CountedRequests & { host: string }>;

/** Whether any balancer of these hosts counts requests; otherwise own probes have to stand for them. */
export function areCounted(world: World, hosts: PlannedHost[]): boolean {
  return countedPlaces(world, hosts).length > 0;
}

function countedPlaces(world: World, hosts: PlannedHost[]) {
  return hosts
    .flatMap(({ name, places }) => places.map((place) => ({ host: name, ...place })))
    .filter(({ balancer }) => world.balancer(balancer).countsRequests);
}

/** What all balancers that count show of these hosts now, by balancer/backend/server. */
async function shown(world: World, hosts: PlannedHost[], signal: AbortSignal): Promise<Shown> {
  const places = countedPlaces(world, hosts);
  const backends = [...new Set(places.map(({ balancer, backend }) => `${balancer}/${backend}`))];
  const answers = await Promise.all(
    backends.map(async (path) => {
      const { balancer, backend } = places.find((place) => `${place.balancer}/${place.backend}` === path)!;
      return [path, await world.balancer(balancer).requests(backend, signal)] as const;
    }),
  );
  const byBackend = Object.fromEntries(answers);
  return Object.fromEntries(
    places.map(({ host, balancer, backend, server }) => {
      const found = byBackend[`${balancer}/${backend}`]?.[server];
      if (!found) throw new PawlError('BalancerRefused', `${balancer} has no server ${backend}/${server}`);
      return [`${balancer}/${backend}/${server}`, { host, ...found }];
    }),
  );
}

/** Where counting begins. */
export async function beginCounting(
  world: World,
  hosts: PlannedHost[],
  signal: AbortSignal,
): Promise<Record<string, ServerTally>> {
  const now = Object.entries(await shown(world, hosts, signal));
  return Object.fromEntries(
    now.map(([path, { host, generation, requests, weight }]) => [
      path,
      { host, generation, last: requests, sum: noRequests(), weight },
    ]),
  );
}

/** Adds what has come since the last look to the tally. */
export async function countRequests(
  world: World,
  { changed, others }: { changed: PlannedHost[]; others: PlannedHost[] },
  tally: Tally,
  signal: AbortSignal,
): Promise<Seen['requests']> {
  const now = await tried(() => countOn(world, [...changed, ...others], tally.servers, signal), signal);
  if (!now.known) return now;
  tally.servers = now.is;
  const of = (name: string) =>
    total(Object.values(tally.servers).flatMap(({ host, sum }) => (host === name ? [sum] : [])));
  const weightOf = (hosts: PlannedHost[]) => {
    const servers = Object.values(tally.servers).filter(({ host }) =>
      hosts.some(({ name }) => name === host),
    );
    return servers.reduce((sum, { weight = 0 }) => sum + weight, 0);
  };
  return {
    known: true,
    is: {
      changed: Object.fromEntries(changed.map(({ name }) => [name, of(name)])),
      others: total(others.map(({ name }) => of(name))),
      weights: { changed: weightOf(changed), peers: weightOf(others) },
    },
  };
}

/** What own probes got, where no balancer counts. */
export function probedRequests(
  { changed, others }: { changed: PlannedHost[]; others: PlannedHost[] },
  { asked }: Tally,
  trouble: string | undefined,
): Seen['requests'] {
  if (trouble) return { known: false, why: trouble };
  const of = ({ name }: PlannedHost) => asked?.[name] ?? noRequests();
  return {
    known: true,
    is: {
      changed: Object.fromEntries(changed.map((host) => [host.name, of(host)])),
      others: total(others.map(of)),
      byProbes: true,
    },
  };
}

async function countOn(
  world: World,
  hosts: PlannedHost[],
  before: Record<string, ServerTally>,
  signal: AbortSignal,
): Promise<Record<string, ServerTally>> {
  const now = Object.entries(await shown(world, hosts, signal));
  return Object.fromEntries(
    now.map(([path, { host, ...shows }]) => {
      const { generation, requests } = shows;
      const last = before[path] ?? { host, generation, last: requests, sum: noRequests() };
      return [path, counted(last, shows)];
    }),
  );
}
