/** What HAProxy shows of servers, as far as people and changes have wanted it so. */
import type { Reconciled, WantedTraffic } from '../../../contracts/world';
import { keyOf, readKept, reconcileServers, type ServerPlace, type ShownServer } from '../reconcile';
import { ask, type RuntimeSocket } from './runtime';
import { column, numberIn, readCsv, readServersState, type Row } from './tables';

/** Bits of `srv_admin_state`. */
const MAINT = 0x01;
const DISABLED_IN_CONFIG = 0x04;
const DRAIN = 0x08;

/** @param assert makes one server what is wanted of it; answers nothing where it was so already */
export async function reconcile(
  at: RuntimeSocket,
  places: ServerPlace[],
  assert: (backend: string, server: string) => Promise<string>,
  signal: AbortSignal,
): Promise<Reconciled> {
  const shown = await shownServers(at, [...new Set(places.map(({ backend }) => backend))], signal);
  const kept = await readKept(at.host, 'haproxy-wanted', [at.socket, at.stateFile ?? ''], signal);
  return reconcileServers(places, shown, kept, assert, signal);
}

/** Of backends that HAProxy does not have, nothing. */
async function shownServers(
  at: RuntimeSocket,
  backends: string[],
  signal: AbortSignal,
): Promise<Map<string, ShownServer>> {
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

function shownOf(row: Row, status: Map<string, string>): [string, ShownServer] {
  const key = keyOf({ backend: column(row, 'be_name'), server: column(row, 'srv_name') });
  const admin = numberIn(row, 'srv_admin_state');
  const weight = numberIn(row, 'srv_uweight');
  const weightless = weight === 0 && numberIn(row, 'srv_iweight') > 0;
  const says = status.get(key) ?? 'nothing';
  return [
    key,
    {
      says: weight === 0 ? `${says} at weight 0` : says,
      isAt: (wanted) => isAt(admin, weight, wanted),
      // what its configuration disables has an owner: whoever wrote that
      isAway: !(admin & DISABLED_IN_CONFIG) && ((admin & (MAINT | DRAIN)) !== 0 || weightless),
    },
  ];
}

function isAt(admin: number, weight: number, wanted: WantedTraffic): boolean {
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
