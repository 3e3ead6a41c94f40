/** What was wanted of servers beside what HAProxy shows: made so again, or reported. */
import { PawlError } from '../../../contracts/failures';
import type { KeptServer, Reconciled, WantedTraffic } from '../../../contracts/world';
import { decoded } from '../../ssh/fences';
import { ask, type RuntimeSocket } from './runtime';
import { column, numberIn, readCsv, readServersState, type Row } from './tables';

/** Milliseconds; reads a few files, or a thousand empty ones. */
const READ_LIMIT = 10_000;
/** Bits of `srv_admin_state`. */
const MAINT = 0x01;
const DISABLED_IN_CONFIG = 0x04;
const DRAIN = 0x08;

interface Place {
  backend: string;
  server: string;
}

/** A server as HAProxy shows it. */
interface Shown {
  says: string;
  admin: number;
  weight: number;
  usualWeight: number;
}

/** @param assert makes one server what is wanted of it; answers nothing where it was so already */
export async function reconcile(
  at: RuntimeSocket,
  places: Place[],
  assert: (backend: string, server: string) => Promise<string>,
  signal: AbortSignal,
): Promise<Reconciled> {
  const shown = await shownServers(at, [...new Set(places.map(({ backend }) => backend))], signal);
  const all = new Map((await keptServers(at, signal)).map((one) => [keyOf(one), one]));
  const kept = places.flatMap((place) => all.get(keyOf(place)) ?? []);
  const found: Reconciled = { kept, repaired: [], failed: [], unowned: [] };
  for (const one of kept) {
    const now = shown.get(keyOf(one));
    if (now && isAt(now, one.wanted)) continue;
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
    if (!now || all.has(key) || !isAway(now)) continue;
    found.unowned.push({ backend, server, says: now.weight === 0 ? `${now.says} at weight 0` : now.says });
  }
  return found;
}

async function keptServers(at: RuntimeSocket, signal: AbortSignal): Promise<KeptServer[]> {
  const args = [at.socket, at.stateFile ?? ''];
  const { code, stdout, stderr } = await at.host.run('haproxy-wanted', args, {
    signal,
    timeoutMs: READ_LIMIT,
  });
  if (code !== 0)
    throw new PawlError('CommandFailed', `${at.host.name}: haproxy-wanted: ${stderr.trim().slice(0, 500)}`);
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

/** Of backends that HAProxy does not have, nothing. */
async function shownServers(
  at: RuntimeSocket,
  backends: string[],
  signal: AbortSignal,
): Promise<Map<string, Shown>> {
  const questions = ['show stat -1 4 -1', ...backends.map((name) => `show servers state ${name}`)];
  const [stats, ...states] = await ask(at, questions, signal);
  const says = new Map(
    readCsv(stats!).map((row) => [
      `${column(row, 'pxname')}/${column(row, 'svname')}`,
      column(row, 'status'),
    ]),
  );
  const rows = states.flatMap((text) => (/^1\n/.test(text) ? readServersState(text) : []));
  return new Map(rows.map((row) => shownOf(row, says)));
}

function shownOf(row: Row, says: Map<string, string>): [string, Shown] {
  const key = keyOf({ backend: column(row, 'be_name'), server: column(row, 'srv_name') });
  const admin = numberIn(row, 'srv_admin_state');
  const weight = numberIn(row, 'srv_uweight');
  const usualWeight = numberIn(row, 'srv_iweight');
  return [key, { says: says.get(key) ?? 'nothing', admin, weight, usualWeight }];
}

function isAt({ admin, weight }: Shown, wanted: WantedTraffic): boolean {
  const out = (admin & MAINT) !== 0;
  const drained = (admin & DRAIN) !== 0;
  switch (wanted.state) {
    case 'out':
      return out;
    case 'draining':
      return out || drained;
    case 'in':
      return !out && !drained && weight === wanted.weight;
  }
}

/** By somebody's hand. What its configuration disables has an owner: whoever wrote that. */
function isAway({ admin, weight, usualWeight }: Shown): boolean {
  if (admin & DISABLED_IN_CONFIG) return false;
  return (admin & (MAINT | DRAIN)) !== 0 || (weight === 0 && usualWeight > 0);
}

const keyOf = ({ backend, server }: Place) => `${backend}/${server}`;
