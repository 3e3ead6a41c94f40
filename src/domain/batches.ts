import type { Amount } from '../contracts/inputs/common';
import type { Mistake } from '../contracts/failures';

/** Hosts that an amount means of `total`; percentages are rounded as asked. */
function hostsIn(amount: Amount, total: number, round: (share: number) => number): number {
  return typeof amount === 'number' ? amount : round((Number.parseInt(amount, 10) * total) / 100);
}

export interface BatchPlan {
  /** the hosts that each batch adds, in order; no batch is empty */
  batches: string[][];
  notes: string[];
  mistakes: Mistake[];
}

/**
 * Splits hosts into batches by cumulative targets: each amount says how many hosts carry the change
 * when its batch is over. Percentages round up.
 *
 * @param hosts hosts in the order in which they are changed
 * @param carrying how many of them carry the change already; they come first in `hosts`
 */
export function planBatches(amounts: readonly Amount[], hosts: readonly string[], carrying = 0): BatchPlan {
  const plan: BatchPlan = { batches: [], notes: [], mistakes: [] };
  const mistake = (index: number, code: string, rule: string) =>
    plan.mistakes.push({ code, path: `batches.${index}`, value: JSON.stringify(amounts[index]), rule });
  let before = 0;
  let reached = carrying;
  amounts.forEach((amount, index) => {
    const target = hostsIn(amount, hosts.length, Math.ceil);
    if (target > hosts.length) mistake(index, 'outOfRange', `there are ${hosts.length} hosts`);
    else if (target < before)
      mistake(
        index,
        'doesNotRise',
        `targets are cumulative and must rise: ${before} hosts are reached before it`,
      );
    else if (target <= reached)
      plan.notes.push(`batch ${JSON.stringify(amount)} of ${hosts.length} hosts adds nobody and is dropped`);
    else {
      plan.batches.push(hosts.slice(reached, target));
      reached = target;
    }
    before = Math.max(before, Math.min(target, hosts.length));
  });
  if (plan.mistakes.length === 0 && before < hosts.length)
    mistake(
      amounts.length - 1,
      'incomplete',
      `the last batch must reach 100% (${hosts.length} hosts); this one reaches ${before}`,
    );
  return plan;
}

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
