/** What was wanted of servers beside what a balancer shows: made so again, or reported. */
import { PawlError } from '../../contracts/failures';
import type { KeptServer, Reconciled, RemoteHost, WantedTraffic } from '../../contracts/world';
import { decoded } from '../ssh/fences';

/** Milliseconds; reads a few files, or a thousand empty ones. */
const READ_LIMIT = 10_000;

export interface ServerPlace {
  backend: string;
  server: string;
}

/** A server as its balancer shows it. */
export interface ShownServer {
  says: string;
  isAt(wanted: WantedTraffic): boolean;
  /** out of rotation by somebody's hand */
  isAway: boolean;
}

export const keyOf = ({ backend, server }: ServerPlace): string => `${backend}/${server}`;

/**
 * @param shown by backend/server; of what the balancer does not have, nothing
 * @param assert makes one server what is wanted of it; answers nothing where it was so already
 */
export async function reconcileServers(
  places: ServerPlace[],
  shown: Map<string, ShownServer>,
  keptServers: KeptServer[],
  assert: (backend: string, server: string) => Promise<string>,
  signal: AbortSignal,
): Promise<Reconciled> {
  const all = new Map(keptServers.map((one) => [keyOf(one), one]));
  const kept = places.flatMap((place) => all.get(keyOf(place)) ?? []);
  const found: Reconciled = { kept, repaired: [], failed: [], unowned: [] };
  for (const one of kept) {
    const now = shown.get(keyOf(one));
    if (now?.isAt(one.wanted)) continue;
    try {
      if (await assert(one.backend, one.server))
        found.repaired.push({ ...one, says: now?.says ?? 'nothing' });
    } catch (error) {
      if (!(error instanceof PawlError) || signal.aborted) throw error;
      if (error.type !== 'LaneBusy') found.failed.push({ ...one, why: error.message });
    }
  }
  for (const { backend, server } of places) {
    const key = keyOf({ backend, server });
    const now = shown.get(key);
    if (now?.isAway && !all.has(key)) found.unowned.push({ backend, server, says: now.says });
  }
  return found;
}

/** What lies on the balancer's host, by a program that prints it. */
export async function readKept(
  host: RemoteHost,
  script: 'haproxy-wanted' | 'nginx-wanted',
  args: string[],
  signal: AbortSignal,
): Promise<KeptServer[]> {
  const { code, stdout, stderr } = await host.run(script, args, { signal, timeoutMs: READ_LIMIT });
  if (code !== 0)
    throw new PawlError('CommandFailed', `${host.name}: ${script}: ${stderr.trim().slice(0, 500)}`);
  return stdout.split('\n').flatMap((line) => {
    const [place = '', state, weight, epoch, since, by = 'unknown'] = line.split(' ');
    const [backend, server] = place.split('/');
    const wanted = wantedOf(state, Number(weight));
    return backend && server && wanted
      ? [{ backend, server, wanted, by: decoded(by), epoch: Number(epoch), since: Number(since) }]
      : [];
  });
}

function wantedOf(state: string | undefined, weight: number): WantedTraffic | undefined {
  if (state === 'held') return { state: 'in', weight, held: true };
  return state === 'out' || state === 'draining' ? { state } : undefined;
}
