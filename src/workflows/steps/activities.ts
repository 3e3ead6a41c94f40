import { proxyActivities, ActivityCancellationType } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../../activities';
import { ATTEMPT_SECONDS } from '../../domain/step-limits';
import { PASSING } from './host-failure';

/**
 * Timeouts and retries of all activities stand here. Attempts are not counted: a killed or frozen worker
 * burns attempts without running. The total time and the failures that no retry can mend are the bounds.
 */
const base: ActivityOptions = {
  // the worker beats each second, so a lost worker is noticed within 5 s
  heartbeatTimeout: '5s',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '5s' },
};

/** Reads the world; 100 hosts answer in seconds, a slow bastion in a minute, a repository in two. */
export const {
  planRollingUpgrade,
  planNodeOffline,
  planNodeOnline,
  planNodeReplacement,
  planEmergencyRollback,
  planConfigCanary,
  findReleases,
} = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '10m',
});

/** One trip to each host, twenty side by side; a thousand files take seconds, a host that is away its ten. */
export const { findDrift } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '20m',
  scheduleToCloseTimeout: '30m',
});

/** Looks at the hosts of a source and at the store, or at its catalogue; makes the store's place, an account and keys. */
export const { planBackup, planDrill, planRestore, lookAtBackups, findStale, openStore } =
  proxyActivities<Activities>({
    ...base,
    startToCloseTimeout: '3m',
    scheduleToCloseTimeout: '10m',
  });

/** Comes back after a minute with how far it is. A host that is away for longer than the rest has lost this attempt. */
export const { takeBackup, readBack, drillBackup, stageRestore, swapIn } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '3m',
  scheduleToCloseTimeout: '15m',
});

/** A repository of terabytes takes its time; nobody waits for it but this run. */
export const { thinBackups } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '6h',
  scheduleToCloseTimeout: '7h',
});

/** A file on the store, or a few that are removed. */
export const { publishBackup, clearBackup, judgeDrill, clearDrill, judgeStaged, swapped } =
  proxyActivities<Activities>({
    ...base,
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '10m',
  });

/** What was staged may be millions of files. */
export const { clearRestore } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '12m',
  scheduleToCloseTimeout: '30m',
});

/** Reads the world, and asks each balancer once for each service. */
export const { planMaintenanceMode } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '10m',
});

/** Looks on until it is cancelled by the workflow's own timer, or has something to tell. */
export const { guardDoors } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '8d',
  // nothing to clean up; what it would still write is fenced
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** Looks at everything of all hosts, eight side by side; the files of all packages of one take minutes. */
export const { planDisasterRecovery, lookForDamage } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '2h',
  scheduleToCloseTimeout: '3h',
});

/** Reads a few hosts once more; one that does not answer takes half a minute. */
export const { lookAtHosts } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '2m',
});

/** Bounds itself to a minute; a worker that is lost meanwhile costs another one. */
export const { examineCluster } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '90s',
  scheduleToCloseTimeout: '4m',
});

/** Bounds each channel to 10 s. A lost worker costs one more attempt; then the outbox knows when to try again. */
export const { notify, testChannels } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '60s',
});

/** A few calls to Temporal itself. */
export const { askForLease, phasesOf } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '10m',
});

/** Looks on until a run is over; who waits for it begins anew when the time is over. */
export const { watchRun } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '2d',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** Looks on until there is news; who wants it begins anew when the time is over. */
export const { keepBalancers } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '2d',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** One look at each balancer, or one write; those that do not answer take half a minute. */
export const { lookAtBalancers, handBack } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '2m',
});

/** Checks an input; nothing is looked at yet. */
export const { planHealthWatch } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '5m',
});

/** Comes back by itself after half a day, and at once when there is news. */
export const { watchService } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '14h',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** One question to each balancer; what one does not answer in half a minute is not in the figures. */
export const { readCounters } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '30s',
});

/** One command on each machine; one that hangs takes as long as its locks. */
export const { raiseFences } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '5m',
});

/** One line on each balancer's machine; nobody waits for one that is away. */
export const { noteStable } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1m',
});

/** Looks at a whole cluster, or asks runs; what gives no answer in half a minute is left out. */
export const { findHolders, readState, lookAround } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '2m',
});

const failFast: ActivityOptions = {
  ...base,
  retry: { ...base.retry, nonRetryableErrorTypes: [...PASSING] },
};

/** Observes until it is cancelled by the workflow's own timer, or something is wrong. */
export const { watchHosts } = proxyActivities<Activities>({
  ...failFast,
  startToCloseTimeout: '8d',
  // nothing to clean up, so nobody waits for the last look
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** A baseline takes seconds; history of a metrics server as long as that server takes to answer. */
export const { measureUsual } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '2m',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** One look of a gate is an hour at most; a lost worker's is made again from the same beginning. */
export const { watchGate } = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '65m',
  scheduleToCloseTimeout: '2h',
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/**
 * The steps of one host. What each of them may take follows from the plan: its own limit, and the time
 * for which the host may be unreachable, for workers that are lost and come back.
 */
export function hostSteps(limitSeconds: number, unreachableSeconds: number) {
  return proxyActivities<Activities>({
    ...failFast,
    startToCloseTimeout: `${limitSeconds + ATTEMPT_SECONDS}s`,
    scheduleToCloseTimeout: `${limitSeconds + ATTEMPT_SECONDS + unreachableSeconds}s`,
    // a half-done step must have ended before its undo begins
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}
