import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { DriftLook, DriftMemory } from '../contracts/config-drift';
import type { Report } from '../contracts/status';
import { carriedOn, isEmpty, newKeys, remembered } from '../domain/config/drift-memory';
import { configCanary } from './config-canary';
import { findDrift } from './steps/activities';
import { beginDrift, closeDrift, tellDrift } from './steps/drift-run';

/**
 * Looks whether hosts have the configuration that they shall have, and tells what is new since the run before of the same
 * schedule. Changes nothing; where it may, it starts the change that does.
 */
export async function configDrift(input: unknown): Promise<Report> {
  const run = beginDrift();
  const look = await findDrift
    .executeWithOptions({ summary: 'render files, look at hosts' }, [input])
    .catch((error: unknown) => {
      throw run.failed(error);
    });
  const before = remembered(workflowInfo().lastResult);
  if (look.dryRun) return closeDrift(run, look, before);
  const unseen = look.hosts.filter(({ is }) => is === 'unreachable' || is === 'busy').map(({ name }) => name);
  const correction = await corrected(look, before);
  const news = newKeys(look.keys, before.told);
  const heard = await tellDrift(run, look, news, correction);
  const memory: DriftMemory = {
    // what nobody heard is told again
    told: heard ? carriedOn(look.keys, before.told, unseen) : before.told,
    correcting: carriedOn(mendedNow(look, before, correction), before.correcting, unseen),
  };
  return closeDrift(run, look, memory, correction);
}

/** Of a correction that was started, by this run or before: once is enough for the same drift. */
function mendedNow({ mended, keys }: DriftLook, before: DriftMemory, correction: string | undefined) {
  if (correction !== undefined) return mended;
  return Object.fromEntries(
    Object.entries(before.correcting)
      .map(([host, list]): [string, string[]] => [host, list.filter((key) => keys[host]?.includes(key))])
      .filter(([, list]) => list.length > 0),
  );
}

/**
 * Starts a configCanary, and waits for nothing. The same drift has the same id, so that two looks start one.
 *
 * @returns its workflow id
 */
async function corrected(look: DriftLook, before: DriftMemory): Promise<string | undefined> {
  const { correct, mayCorrect, correction, correctionId, mended, service } = look;
  if (!correct || correction === null || !(mayCorrect || byHand())) return undefined;
  if (isEmpty(newKeys(mended, before.correcting))) return undefined;
  try {
    await startChild(configCanary, {
      workflowId: correctionId,
      args: [correction],
      staticSummary: `${service}: files as they were before somebody changed them`,
      // it is a change of its own, with people who watch it
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: '5s',
    });
  } catch (error) {
    // another look has started it
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return correctionId;
}

/** Temporal says of a run which schedule started it. */
function byHand(): boolean {
  const { searchAttributes, cronSchedule } = workflowInfo();
  return searchAttributes['TemporalScheduledById'] === undefined && !cronSchedule;
}
