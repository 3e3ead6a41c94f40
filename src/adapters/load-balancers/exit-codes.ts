import type { FailureType } from '../../contracts/failures';

/** What the programs of balancers, `src/host/{haproxy,nginx}-*.sh`, mean when they end with these codes. */
export const FAILURE_OF: Record<number, FailureType> = {
  3: 'BalancerRefused',
  4: 'BalancerUnavailable',
  5: 'BalancerNotAsWanted',
  82: 'OutcomeUnknown',
};
