import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { Outcome, PlannedWatch, Watched, WatchNews } from '../contracts/health-watch';
import { watchRunId } from '../contracts/health-watch';
import type { Report } from '../contracts/status';
import { escaped } from '../domain/escaped';
import { settled } from '../domain/health-watch';
import { emergencyRollback } from './emergency-rollback';
import { nodeOnline } from './node-online';
import { nodeReplacement } from './node-replacement';
import { planHealthWatch, watchService } from './steps/activities';
import { isLong } from './steps/long';
import { plainly } from './steps/plainly';
import type { WatchState } from './steps/watch-run';
import { WatchRun } from './steps/watch-run';

/** Milliseconds; a workflow that goes on for months begins anew each day, so that new code gets its turn. */
const DAY = 24 * 3_600_000;
/** Milliseconds for a run that takes a host out or brings it back; after that the watch looks for itself how it went. */
const CHILD_WITHIN = 120_000;

/**
 * Looks at the hosts of a service for as long as nobody stops it. One that fails so many looks in a row is taken out of
 * rotation, as long as enough others serve; it comes back only after as many passes, and only if a watch had taken it out.
 */
export async function healthWatch(input: unknown, carried?: WatchState): Promise<Report> {
  const run = new WatchRun(carried);
  return CancellationScope.nonCancellable(async () => {
    if (!carried) run.adopt(await planned(input));
    if (run.plan.dryRun) return run.close('planned', whatFor(run.plan));
    for (;;) {
      if (run.stopped) return end(run);
      if (run.paused) {
        await run.whilePaused();
        continue;
      }
      const seen = await look(run);
      if (seen) await take(run, seen);
      if (isOld()) await goOn(run, input);
    }
  });
}

function whatFor({ hosts, policy }: PlannedWatch): string {
  const { intervalSeconds, failures, onUnhealthy, floor } = policy;
  const then = onUnhealthy === 'tell' ? 'is told of' : `leaves while ${floor} others serve`;
  return `planned: a look at ${hosts.length} hosts every ${intervalSeconds} s; who fails ${failures} in a row ${then}`;
}

function planned(input: unknown) {
  return planHealthWatch
    .executeWithOptions({ summary: 'check the input' }, [input])
    .catch((error: unknown) => {
      throw plainly(error);
    });
}

/** @returns undefined when a person cut it short */
async function look(run: WatchRun): Promise<Watched | undefined> {
  const { cluster, file, service, policy } = run.plan;
  const { memory, looked } = run.state;
  try {
    return await run.interruptibly(() =>
      watchService.executeWithOptions({ summary: `watch ${service}` }, [
        { cluster, file, service, policy, memory, looked },
      ]),
    );
  } catch (error) {
    if (!isCancellation(error)) throw plainly(error);
    // what was counted before a pause proves nothing after it
    for (const host of Object.values(memory.hosts)) Object.assign(host, { fails: 0, passes: 0 });
    return undefined;
  }
}

/** One after the other: each one changes how many serve. */
async function take(run: WatchRun, { memory, news, looked }: Watched): Promise<void> {
  run.state.memory = memory;
  if (looked.length) run.state.looked = looked;
  run.show();
  for (const one of news) {
    const done = one.news === 'stays' || one.news === 'over' ? null : await carryOut(run, one);
    if (done) settled(memory, one, done.done);
    run.tell(one, done);
    run.show();
  }
}

/** Waits for a run of its own for two minutes at most: others are to be watched, too. */
async function carryOut({ plan }: WatchRun, news: WatchNews): Promise<Outcome> {
  const { type, workflowId, input, summary } = childFor(plan, news);
  const run = executeChild(type, {
    workflowId,
    args: [input],
    staticSummary: summary,
    // it holds a lease: it is ended by its own work, not by ours
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowTaskTimeout: '5s',
  });
  let outcome: Outcome | undefined;
  run.then(
    () => (outcome = { done: true, why: '' }),
    (error: Error) => (outcome = { done: false, why: reasonOf(error) }),
  );
  await condition(() => outcome !== undefined, CHILD_WITHIN);
  return outcome ?? { done: false, why: `${workflowId} is at it still` };
}

function childFor(plan: PlannedWatch, { news, host, why }: WatchNews) {
  const { service, policy } = plan;
  const now = Date.now();
  switch (news) {
    case 'rollBack':
      return {
        type: emergencyRollback,
        workflowId: `rollback-${service}-${now}`,
        input: wholeBack(plan, why),
        summary: `${service} back at once (${why})`,
      };
    case 'putBack':
      return {
        type: nodeOnline,
        workflowId: watchRunId('putBack', service, host, now),
        input: wayBack(plan, host),
        summary: `${host}: back into rotation, it is well again`,
      };
    default:
      return {
        type: nodeReplacement,
        workflowId: watchRunId(policy.onUnhealthy === 'retire' ? 'retire' : 'eject', service, host, now),
        input: wayOut(plan, host, why),
        summary: `${host}: out at once (${why})`,
      };
  }
}

/** What the run itself failed with. */
function reasonOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message;
}

/** People hear of it from the watch, and nobody is there to answer questions. */
const ALONE = { notify: false, unreachableSeconds: 30, personDeadlineHours: 0.01 };

function wayOut({ file: cluster, service, policy }: PlannedWatch, host: string, why: string) {
  const reason = escaped(`unhealthy: ${why}`);
  const by = escaped(workflowInfo().workflowId);
  const minServing = Math.max(1, policy.floor);
  return { mode: 'emergency', cluster, service, host, reason, by, minServing, ...ALONE };
}

/** It has proven that it is well, look after look: its whole weight at once. */
function wayBack({ file: cluster, service }: PlannedWatch, host: string) {
  return {
    cluster,
    service,
    hosts: [host],
    ramp: [{ percent: 100, seconds: 0 }],
    gate: { enabled: false },
    drain: { deadlineSeconds: 10, onDeadline: 'force' },
    ...ALONE,
  };
}

/** That run tells people itself: it concerns the whole service. */
function wholeBack({ file: cluster, service, policy }: PlannedWatch, why: string) {
  const reason = escaped(why);
  const by = escaped(workflowInfo().workflowId);
  return { cluster, service, reason, by, withinHours: policy.rollback?.withinHours };
}

function isOld(): boolean {
  return isLong() || Date.now() - workflowInfo().runStartTime.getTime() > DAY;
}

async function goOn(run: WatchRun, input: unknown): Promise<void> {
  await run.courier.rest();
  if (!allHandlersFinished()) await condition(allHandlersFinished);
  await continueAsNew<typeof healthWatch>(input, run.state);
}

/** Hosts that it has taken out stay out, and are listed: who puts them back must see that they are well. */
async function end(run: WatchRun): Promise<never> {
  const { by = '', note } = run.state.control.abort ?? {};
  const report = await run.close(
    'aborted',
    `stopped by ${by}${note ? `: ${note}` : ''}; hosts stay as they are`,
  );
  const failure = ApplicationFailure.create({
    type: 'Aborted',
    message: report.summary,
    details: [report],
    nonRetryable: true,
  });
  failure.stack = '';
  throw failure;
}
