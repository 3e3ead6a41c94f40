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
import type { EjectionResult, PlannedWatch, Watched, WatchNews } from '../contracts/health-watch';
import { ejectionId } from '../contracts/health-watch';
import type { Report } from '../contracts/status';
import { settled } from '../domain/health-watch';
import { ejection } from './ejection';
import { nodeReplacement } from './node-replacement';
import { planHealthWatch, watchService } from './steps/activities';
import { isLong } from './steps/long';
import { plainly } from './steps/plainly';
import type { WatchState } from './steps/watch-run';
import { WatchRun } from './steps/watch-run';

/** Milliseconds; a workflow that goes on for months begins anew each day, so that new code gets its turn. */
const DAY = 24 * 3_600_000;

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
    const done = one.news === 'eject' || one.news === 'putBack' ? await carryOut(run, one) : null;
    if (done) settled(memory, one, done.done);
    run.tell(one, done);
    run.show();
  }
}

async function carryOut(run: WatchRun, news: WatchNews): Promise<EjectionResult> {
  try {
    if (news.news === 'eject' && run.plan.policy.onUnhealthy === 'retire') return await retire(run, news);
    return await eject(run, news);
  } catch (error) {
    // what the child itself failed with
    const { cause, message } = error as Error;
    return { done: false, why: cause instanceof Error ? cause.message : message };
  }
}

function eject(run: WatchRun, { news, host, why }: WatchNews): Promise<EjectionResult> {
  const { cluster, file, service, policy, hosts } = run.plan;
  const act = news === 'eject' ? 'eject' : 'putBack';
  return executeChild(ejection, {
    workflowId: ejectionId(act, service, host, Date.now()),
    args: [
      {
        cluster,
        file,
        service,
        host: run.plannedHost(host),
        act,
        why,
        cap: hosts.length - policy.floor,
        weights: run.weightsOf(host),
      },
    ],
    // it holds a lease: it is ended by its own work, not by ours
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowTaskTimeout: '5s',
    staticSummary: `${host}: ${act === 'eject' ? 'out of rotation' : 'back into rotation'} (${why})`,
  });
}

/** Out until a person brings it in: the emergency response of this service. */
async function retire({ plan }: WatchRun, { host, why }: WatchNews): Promise<EjectionResult> {
  const { file: cluster, service, policy } = plan;
  const reason = `unhealthy: ${why}`.replace(/\s+/g, ' ').slice(0, 200);
  const by = workflowInfo().workflowId.slice(0, 200);
  await executeChild(nodeReplacement, {
    workflowId: `replace-${service}-${host}-${Date.now()}`,
    args: [{ mode: 'emergency', cluster, service, host, reason, by, minServing: Math.max(1, policy.floor) }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    workflowTaskTimeout: '5s',
    staticSummary: `${host}: out at once (${why})`,
  });
  return { done: true, why: '' };
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
