/** The real workflows, and one that stands in for changes that do not exist yet. */
import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { LeaseAsk, ToHolder } from '../../src/contracts/lease';
import { askForLease } from '../../src/workflows/steps/activities';

export * from '../../src/workflows';

export const saidQuery = defineQuery<Partial<ToHolder>>('said');
export const finishSignal = defineSignal('finish');

/**
 * Asks for a lease, and keeps it until it is told to finish.
 *
 * @param manners a deaf one does not give way, and ends only when it is cancelled
 */
export async function standIn(
  ask: { cluster: string; file: string; ask: LeaseAsk },
  manners: 'polite' | 'deaf',
): Promise<Partial<ToHolder>> {
  const said: Partial<ToHolder> = {};
  let finished = false;
  const names = ['leaseGranted', 'leaseQueued', 'leaseRefused', 'yieldLease', 'leaseLost'] as const;
  for (const name of names) setHandler(defineSignal<[never]>(name), (payload) => void (said[name] = payload));
  setHandler(saidQuery, () => said);
  setHandler(finishSignal, () => void (finished = true));
  await askForLease(ask);
  const over = () => finished || said.leaseRefused !== undefined;
  await condition(() => over() || (manners === 'polite' && said.yieldLease !== undefined)).catch(
    () => undefined,
  );
  return said;
}
