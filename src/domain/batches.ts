import type { Amount } from '../contracts/inputs/common';
import type { Batch } from '../contracts/inputs/rollout';
import type { Mistake } from '../contracts/failures';
import type { PlannedBatch } from '../contracts/plan';

/** Hosts that an amount means of `total`; percentages are rounded as asked. */
function hostsIn(amount: Amount, total: number, round: (share: number) => number): number {
  return typeof amount === 'number' ? amount : round((Number.parseInt(amount, 10) * total) / 100);
}

export interface BatchPlan {
  /** in order; each adds hosts, or gives those that carry the change a larger share */
  batches: PlannedBatch[];
  notes: string[];
  mistakes: Mistake[];
}

const ALL = 100;

/**
 * Splits hosts into batches by cumulative targets: each says how many hosts carry the change when its batch is over, and
 * which share of the requests they get then. Percentages round up.
 *
 * @param hosts hosts in the order in which they are changed
 * @param carrying how many of them carry the change already; they come first in `hosts`
 */
export function planBatches(wanted: readonly Batch[], hosts: readonly string[], carrying = 0): BatchPlan {
  const plan: BatchPlan = { batches: [], notes: [], mistakes: [] };
  const mistake = (index: number, code: string, rule: string) =>
    plan.mistakes.push({ code, path: `batches.${index}`, value: JSON.stringify(wanted[index]), rule });
  let before = { target: 0, share: 0 };
  let reached = carrying;
  const asked = wanted.map(batchOf);
  asked.forEach(({ to, share = ALL, ...more }, index) => {
    const target = hostsIn(to, hosts.length, Math.ceil);
    if (target > hosts.length) mistake(index, 'outOfRange', `there are ${hosts.length} hosts`);
    else if (target < before.target)
      mistake(
        index,
        'doesNotRise',
        `targets are cumulative and must rise: ${before.target} hosts are reached before it`,
      );
    else if (share < before.share)
      mistake(index, 'doesNotRise', `shares must rise: it is ${before.share} % before it`);
    else if (target <= reached && (reached === carrying || share === before.share))
      plan.notes.push(
        `batch ${JSON.stringify(wanted[index])} of ${hosts.length} hosts adds nobody and is dropped`,
      );
    else {
      const adds = hosts.slice(reached, target);
      plan.batches.push({ adds, ...(share < ALL && { share }), ...more });
      reached = Math.max(reached, target);
    }
    before = { target: Math.max(before.target, Math.min(target, hosts.length)), share };
  });
  if (plan.mistakes.length > 0) return plan;
  if (before.target < hosts.length)
    mistake(
      asked.length - 1,
      'incomplete',
      `the last batch must reach 100% (${hosts.length} hosts); this one reaches ${before.target}`,
    );
  if (before.share < ALL)
    mistake(asked.length - 1, 'incomplete', 'the last batch gives the hosts their full weights: no share');
  return plan;
}

const batchOf = (batch: Batch): Exclude<Batch, Amount> => (typeof batch === 'object' ? batch : { to: batch });

/** The cap on hosts out of rotation: percentages round down, never below 1. */
export function unavailableCap(amount: Amount, total: number): number {
  return Math.max(1, hostsIn(amount, total, Math.floor));
}

/** How many hosts must go on serving: percentages round up. */
export function leastServing(amount: Amount, total: number): number {
  return hostsIn(amount, total, Math.ceil);
}

/** How many hosts may fail: percentages round down. */
export function failureBudget(amount: Amount, total: number): number {
  return hostsIn(amount, total, Math.floor);
}
