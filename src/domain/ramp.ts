/** How a host comes to its full weight, step by step. */
import type { Mistake } from '../contracts/failures';
import type { OnWorse, RampStep } from '../contracts/inputs/ramp';

/** @returns a whole weight; 0 only at 0 percent, or where the full weight is too small to be shared */
export function weightAt(full: number, percent: number): number {
  return Math.round((full * percent) / 100);
}

/** Share of the requests that a weight brings, 0 to 1, beside the weights of those that serve already. */
export function shareOf(weight: number, others: number): number {
  return weight === 0 ? 0 : weight / (weight + others);
}

/**
 * Percent of their full weights at which hosts get a share of the requests, 100 at most.
 *
 * @param share percent, below 100
 * @param own full weights of these hosts, in all
 * @param others weights of those that serve beside them
 */
export function percentFor(share: number, own: number, others: number): number {
  if (own === 0) return 0;
  return Math.min(100, Math.round((100 * share * others) / ((100 - share) * own)));
}

/** Steps must rise, and end at the full weight. */
export function rampMistakes(steps: readonly RampStep[]): Mistake[] {
  const mistakes = steps.flatMap(({ percent }, index): Mistake[] => {
    const before = steps[index - 1]?.percent ?? -1;
    if (percent > before) return [];
    const rule = `must rise: the step before it has ${before}`;
    return [{ code: 'doesNotRise', path: `ramp.${index}.percent`, value: String(percent), rule }];
  });
  const last = steps.length - 1;
  if (steps[last]?.percent !== 100)
    mistakes.push({
      code: 'incomplete',
      path: `ramp.${last}.percent`,
      value: String(steps[last]?.percent),
      rule: 'the last step must reach 100',
    });
  return mistakes;
}

/** A weight of 1 cannot be halved: steps that would have the same weight, or none at all, say so. */
export function cannotRamp(full: number, steps: readonly RampStep[]): string | undefined {
  const weights = steps.map(({ percent }) => weightAt(full, percent));
  const same = weights.findIndex((weight, index) => index > 0 && weight === weights[index - 1]);
  if (full === 0) return 'no full weight is known; give its server one in the balancer';
  if (same < 0) {
    // nobody can be judged without requests, and nginx knows no weight 0
    const none = steps.find(({ percent }, index) => percent > 0 && weights[index] === 0);
    return none && `${none.percent} % of it is no weight; a full weight of 100 can be shared finely`;
  }
  const [before, after] = [steps[same - 1]!.percent, steps[same]!.percent];
  return `${before} % and ${after} % of it are the same weight; a full weight of 100 can be shared finely`;
}

/** Where a host stands on its way up. */
export interface Climb {
  /** index of the step */
  at: number;
  /** how often it was worse than its peers */
  setbacks: number;
}

/** What follows when a step has been judged: another step, the end of the way, or out of rotation. */
export function afterStep(
  { at, setbacks }: Climb,
  worse: boolean,
  ramp: { steps: number; onWorse: OnWorse },
): Climb | 'up' | 'out' {
  if (!worse) return at + 1 < ramp.steps ? { at: at + 1, setbacks } : 'up';
  if (ramp.onWorse === 'out' || setbacks > 0) return 'out';
  return { at: Math.max(0, at - 1), setbacks: 1 };
}
