import type { Mistake } from '../contracts/failures';
import type { PlannedBatch } from '../contracts/plan';
import { percentFor, shareOf, weightAt } from './ramp';

export interface Shares {
  batches: PlannedBatch[];
  mistakes: Mistake[];
  notes: string[];
}

/**
 * At which weights the hosts that carry the change get the share of the requests that each batch gives them.
 *
 * @param weights full ones, by host and balancer
 * @param may.testers requests of test users can be told apart: a share of 0
 * @param may.out hosts that may be out at a time
 * @param serving all weights of the service before the change, of all balancers together
 */
export function withShares(
  batches: PlannedBatch[],
  weights: Record<string, Record<string, number>>,
  serving: number,
  may: { testers: boolean; out: number },
): Shares {
  const shares: Shares = { batches: [], mistakes: [], notes: [] };
  const carrying: string[] = [];
  for (const [index, batch] of batches.entries()) {
    carrying.push(...batch.adds);
    const { share } = batch;
    if (share === undefined || share === 0) {
      if (share === 0) shares.mistakes.push(...idleMistakes(`batches.${index}`, carrying.length, may));
      shares.batches.push(share === 0 ? { ...batch, percent: 0 } : batch);
      continue;
    }
    const full = carrying.flatMap((name) => Object.values(weights[name] ?? {}));
    const own = full.reduce((sum, weight) => sum + weight, 0);
    const percent = percentFor(share, own, serving - own);
    const small = full.find((weight) => weightAt(weight, percent) === 0);
    if (small !== undefined)
      shares.mistakes.push({
        code: 'cannotShare',
        path: `batches.${index}.share`,
        value: String(share),
        rule: `${share} % of the requests is less than 1 of a host's weight of ${small}; a weight of 100 can be shared finely`,
      });
    const atMost = 100 * shareOf(own, serving - own);
    if (atMost < share - 0.5)
      shares.notes.push(
        `batch ${index + 1}: ${carrying.join(', ')} have ${Math.round(atMost)} % of the requests at their full weights, not ${share} %`,
      );
    shares.batches.push({ ...batch, percent });
  }
  return shares;
}

/** Hosts that nobody but test users get to. */
function idleMistakes(path: string, hosts: number, may: { testers: boolean; out: number }): Mistake[] {
  const mistake = (code: string, field: string, value: string, rule: string) => [
    { code, path: `${path}.${field}`, value, rule },
  ];
  if (!may.testers)
    return mistake(
      'noTesters',
      'share',
      '0',
      'nobody would get there: 0 is for test users ("testers": true)',
    );
  if (hosts > may.out)
    return mistake(
      'tooManyOut',
      'to',
      String(hosts),
      `at most ${may.out} hosts may be without other requests than those of test users ("maxUnavailable")`,
    );
  return [];
}
