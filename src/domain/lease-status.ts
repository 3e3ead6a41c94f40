import type { Claim } from '../contracts/lease';
import type { Status } from '../contracts/status';
import type { LeaseState } from './lease';
import { inOrder, isIdle } from './lease';
import { newStatus } from './new-status';

/** A lease as people see it. */
export function leaseStatus(state: LeaseState, id: string): Status {
  const waiting = inOrder(state);
  const { kept = [], findings = [], repairs = [] } = state.truth ?? {};
  const atWork = isIdle(state)
    ? 'nobody holds anything'
    : `${state.held.length} at work, ${waiting.length} in line`;
  const summary = kept.length ? `${atWork}; ${kept.length} kept as changes left them` : atWork;
  return {
    ...newStatus({ workflow: 'lease', id, startedAt: state.startedAt }),
    phase: 'running',
    cluster: state.cluster,
    leftToDo: [
      ...findings.map(({ what, since }) => ({ what: `${what} (since ${since.slice(0, 19)}Z)` })),
      ...state.leftovers.flatMap(({ id: by, what }) => what.map((one) => ({ what: `${by} left: ${one}` }))),
    ],
    notes: repairs.slice(-5).map(({ at, what }) => `${at.slice(0, 19)}Z: ${what}`),
    summary,
    line: {
      holders: state.held.map(({ id: holder, what, claims, since, yielding }) => ({
        id: holder,
        what,
        holds: claimsText(claims),
        since,
        yieldsTo: yielding?.by ?? null,
      })),
      waiting: waiting.map(({ id: change, what, claims, since }) => ({
        id: change,
        what,
        for: claimsText(claims),
        since,
      })),
      kept,
    },
  };
}

/** `n1, n2, n3 and 7 more hosts` */
function claimsText(claims: readonly Claim[]): string {
  const hosts = claims.filter(({ name }) => name.startsWith('host ')).map(({ name }) => name.slice(5));
  const shown = hosts.slice(0, 6).join(', ');
  return hosts.length > 6 ? `${shown} and ${hosts.length - 6} more hosts` : shown || 'no host';
}
