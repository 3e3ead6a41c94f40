import type { PlannedHost } from '../../contracts/plan';
import type { Change } from './change';
import { hostFailed } from './host-failure';
import { options, patiently } from './host-steps';

/** Seconds: at balancers side by side, locks and a reload that is proven. */
const LIMIT = 90;

/** Sends test users to a host; null: they are treated like all others. */
export async function steerTesters(run: Change, host: PlannedHost | null): Promise<void> {
  const { steerTesters } = options(run, LIMIT);
  const { service } = run.plan.intent;
  const summary = host ? `test users go to ${host.name}` : 'test users go where all go';
  const input = { change: run.ref, service, host };
  await patiently(
    run,
    host?.name ?? 'test users',
    () => steerTesters.executeWithOptions({ summary }, [input]),
    () => undefined,
  );
}

/** Treats test users like all others. @returns why they may still go where they went; undefined: they do not */
export async function steerNowhere(run: Change): Promise<string | undefined> {
  try {
    await steerTesters(run, null);
    return undefined;
  } catch (error) {
    return hostFailed('test users', error).message;
  }
}
