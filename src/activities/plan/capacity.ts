/** How much of a service is left when hosts go out of it. */
import type { Mistake } from '../../contracts/failures';
import type { Amount } from '../../contracts/inputs/common';
import { unavailableCap } from '../../domain/batches';

/**
 * Judges whether hosts may be taken out of service.
 *
 * @param of.all hosts of the service
 * @param of.serving those that get requests now
 * @param of.leaving those that are to go
 * @returns the cap in hosts; `never`: whatever becomes of the others; `now`: because others are out at present
 */
export function capacityLeft(
  wanted: Amount,
  of: { all: readonly string[]; serving: readonly string[]; leaving: readonly string[] },
): { cap: number; never: Mistake[]; now: Mistake[] } {
  const { all, serving, leaving } = of;
  const cap = unavailableCap(wanted, all.length);
  const out = all.filter((name) => leaving.includes(name) || !serving.includes(name));
  const others = out.filter((name) => !leaving.includes(name));
  const value = String(wanted);
  const tooMany = (code: string, rule: string): Mistake => ({ code, path: 'maxUnavailable', value, rule });
  const already = others.length ? ` (${others.join(', ')} is out already)` : '';
  const never: Mistake[] = [];
  const now: Mistake[] = [];
  if (cap >= all.length)
    never.push(tooMany('nobodyServing', `${cap} of ${all.length} hosts may not be out: nobody would serve`));
  else if (leaving.length > cap)
    never.push(
      tooMany(
        'tooManyOut',
        `${leaving.length} hosts are to go out, and at most ${cap} may; say so if they shall`,
      ),
    );
  else if (out.length > cap)
    now.push(tooMany('tooManyOut', `${out.length} hosts would be out${already}; at most ${cap} may be`));
  return { cap, never, now };
}
