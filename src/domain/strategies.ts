import type { Batch, RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';

/** What a strategy is: batches, each with its share of the requests and its time. Times are seconds. */
export const STRATEGIES: Record<RollingUpgradeInput['strategy'], Batch[]> = {
  rolling: [1, '30%', '100%'],
  canary: [{ to: 1, soakSeconds: 600 }, { to: '30%', soakSeconds: 300 }, '100%'],
  gray: [
    { to: 1, share: 5, soakSeconds: 300 },
    { to: 1, share: 15, soakSeconds: 300 },
    { to: '30%', share: 30, soakSeconds: 300 },
    '100%',
  ],
};
