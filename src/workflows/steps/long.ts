/** Runs whose history has grown go on as new ones. */
import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { Report } from '../../contracts/status';
import type { Change } from './change';
import type { ChangeState } from './state';

/** A replay of so many events takes a fraction of a second. */
export function isLong(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > 2_000;
}

/** A batch may have thousands of hosts, of 30 events each. Runs of 0.1.0 go on as they began, to the batch's end. */
export function isLongInside(run: Change): boolean {
  return run.plan.format > 1 && isLong();
}

/** The same runbook from where it stands; all that is known goes along. */
export async function goOnAnew(run: Change, input: unknown): Promise<never> {
  await run.courier.rest();
  await run.ledger.rest();
  return continueAsNew<(input: unknown, carried: ChangeState) => Promise<Report>>(input, run.state);
}
