import type { Amount } from '../contracts/inputs/common';
import type { RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';
import type { Batch } from '../contracts/inputs/rollout';

interface Strategy {
  batches: Batch[];
  maxUnavailable: Amount;
}

/** What a strategy of batches is: what an input leaves open. Times are seconds. */
export const STRATEGIES: Record<Exclude<RollingUpgradeInput['strategy'], 'blueGreen'>, Strategy> = {
  rolling: { batches: [1, '30%', '100%'], maxUnavailable: 1 },
  canary: {
    batches: [{ to: 1, soakSeconds: 600 }, { to: '30%', soakSeconds: 300 }, '100%'],
    maxUnavailable: 1,
  },
  gray: {
    batches: [
      { to: 1, share: 5, soakSeconds: 300 },
      { to: 1, share: 15, soakSeconds: 300 },
      { to: '30%', share: 30, soakSeconds: 300 },
      '100%',
    ],
    maxUnavailable: 1,
  },
  parallel: { batches: ['100%'], maxUnavailable: '100%' },
};
