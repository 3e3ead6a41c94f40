/** HAProxy's words for a server, in ours. */
import type { Counts } from '../../../contracts/certificate';
import type { Requests } from '../../../contracts/gate';
import { PawlError } from '../../../contracts/failures';
import type { BackendCounts, TrafficFacts, TrafficState } from '../../../contracts/world';
import { column, numberIn, type Row } from './tables';

/** Bits of `srv_admin_state`: drain wanted by an administrator, or taken over from a tracked server. */
const DRAIN = 0x08 | 0x10;

/**
 * @param stat the server's row of `show stat`
 * @param state the same server's row of `show servers state`
 * @param generation of the process that said it
 */
export function factsOf(stat: Row, state: Row, generation: string): TrafficFacts {
  const says = column(stat, 'status');
  return {
    state: stateOf(says, numberIn(state, 'srv_admin_state')),
    // the configured or set weight; `weight` of `show stat` may still rise during a slow start
    weight: numberIn(state, 'srv_uweight'),
    sessions: numberIn(stat, 'scur') + numberIn(stat, 'qcur'),
    says,
    healthy: HEALTHY.test(says),
    generation,
  };
}

/** `UP 1/2` and `DRAIN 1/3`: no check has passed since it was out, or checks begin to fail. */
const HEALTHY = /^(UP|DRAIN|no check)$/;

/**
 * The same from statistics alone, where they leave no doubt: a server that is up or in maintenance says so, one
 * that drains and whose check fails does not.
 *
 * @returns undefined when `show servers state` must tell, as in HAProxy before 2.3
 */
export function plainFactsOf(stat: Row, generation: string): TrafficFacts | undefined {
  const says = column(stat, 'status');
  const state = PLAIN.find(([words]) => words.test(says))?.[1];
  if (!state || !Object.hasOwn(stat, 'uweight')) return undefined;
  const sessions = numberIn(stat, 'scur') + numberIn(stat, 'qcur');
  return {
    state,
    weight: numberIn(stat, 'uweight'),
    sessions,
    says,
    healthy: HEALTHY.test(says),
    generation,
  };
}

/** `DRAIN (agent)` is an agent's doing, not an administrator's. */
const PLAIN: readonly (readonly [RegExp, TrafficState])[] = [
  [/^(UP|no check)$/, 'in'],
  [/^UP \d+\/\d+$/, 'down'],
  [/^DRAIN$/, 'draining'],
  [/^MAINT\b/, 'out'],
];

/**
 * Only exactly `UP` (or `no check`) is in. `UP 1/2` gets requests but its health is not proven, right
 * after `maint` or when checks begin to fail: it counts as down. The administrator's drain is read from its
 * bit, because a draining server whose check fails says `DOWN`.
 */
function stateOf(says: string, admin: number): TrafficState {
  // `MAINT`, `MAINT (via web/n1)`, `MAINT (resolution)`
  if (/^MAINT\b/.test(says)) return 'out';
  if (admin & DRAIN) return 'draining';
  if (says === 'UP' || says === 'no check') return 'in';
  if (/^(UP|DOWN|NOLB)\b/.test(says)) return 'down';
  return 'unknown';
}

/**
 * Another process has another generation. `Pid` alone may come back after a reboot, so the start time is
 * added where HAProxy tells it (2.5 and newer).
 */
export function generationOf(info: Row): string {
  return `${numberIn(info, 'Pid')}@${info['Start_time_sec'] ?? 'unknown'}`;
}

const ANSWERS = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other'];
/**
 * Refused connections, answers that did not come, came too late or were no HTTP, answers that were cut, and
 * requests that HAProxy had to send again, here or elsewhere. A cut answer may be among the second and the third:
 * it then counts twice, for a failure is never to be missed. What clients themselves gave up is no failure.
 */
const FAILURES = ['econ', 'eresp', 'srv_abrt', 'wretr', 'wredis'];

/** @param stat the server's row of `show stat` */
export function requestsOf(stat: Row): Requests {
  mustCountAnswers(stat);
  return {
    // it counts an answer when its head has come
    answers: Math.max(0, sumIn(stat, ANSWERS) - numberIn(stat, 'srv_abrt')),
    serverErrors: numberIn(stat, 'hrsp_5xx'),
    failures: sumIn(stat, FAILURES),
  };
}

function mustCountAnswers(stat: Row): void {
  if (column(stat, 'hrsp_2xx') === '')
    throw new PawlError(
      'BalancerRefused',
      `HAProxy counts no answers of ${stat['pxname']}/${stat['svname']}: its backend is not in mode http`,
    );
}

const sumIn = (stat: Row, names: string[]) => names.reduce((total, name) => total + numberIn(stat, name), 0);

/**
 * What a backend has counted. HAProxy writes its columns one after the other while requests come, so that one which
 * came in between may look lost: whoever is lost is so in two readings.
 *
 * @param readings two or more, each the rows of `show stat` for this backend and its servers
 */
export function countsOf(readings: Row[][], generation: string): BackendCounts {
  const all = readings.map((rows) => new Map(rows.map((row) => [column(row, 'svname'), row])));
  const backend = all.at(-1)?.get(WHOLE);
  if (!backend) throw new PawlError('BalancerRefused', 'HAProxy has no such backend');
  mustCountAnswers(backend);
  const counts = (name: string, of: (row: Row) => Counts): Counts => {
    const seen = all.flatMap((rows) => (rows.has(name) ? [of(rows.get(name)!)] : []));
    return { ...seen.at(-1)!, lost: Math.min(...seen.map(({ lost }) => lost)) };
  };
  const names = [...all.at(-1)!.keys()].filter((name) => name !== WHOLE);
  return {
    generation,
    came: numberIn(backend, 'stot'),
    rate: numberIn(backend, 'rate'),
    clients: counts(WHOLE, clientCounts),
    servers: Object.fromEntries(names.map((name) => [name, counts(name, serverCounts)])),
  };
}

const WHOLE = 'BACKEND';

/**
 * Each request that is over has one status here, HAProxy's own 502, 503 and 504 among them; one that has none was closed
 * without an answer (a client that asks again on its connection is left to ask once more). An answer that was cut after
 * its head has a good status, and is among `srv_abrt`; one that ended in a reset before its head counts twice.
 */
function clientCounts(stat: Row): Counts {
  const ended = numberIn(stat, 'stot') - numberIn(stat, 'scur');
  const without = ended - numberIn(stat, 'req_tot');
  return {
    ended,
    lost: sumIn(stat, ['hrsp_5xx', 'srv_abrt']) + without,
    repeated: sumIn(stat, ['wretr', 'wredis']),
  };
}

/** A server's row knows neither what was repeated elsewhere nor who went away: these are taken off again. */
function serverCounts(stat: Row): Counts {
  const ended = numberIn(stat, 'stot') - numberIn(stat, 'scur');
  const again = Math.max(numberIn(stat, 'wretr'), numberIn(stat, 'wredis'));
  const without = ended - sumIn(stat, ANSWERS) - again - numberIn(stat, 'cli_abrt');
  return {
    ended: ended - again,
    lost: sumIn(stat, ['hrsp_5xx', 'srv_abrt']) + without,
    repeated: sumIn(stat, ['wretr', 'wredis']),
  };
}
