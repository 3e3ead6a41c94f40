/**
 * Every failure type once: what it means, and whether trying again by itself can help.
 * Activities and adapters throw `PawlError` with one of these names; the worker turns it into a
 * Temporal failure and reads `retryable` from this table.
 */
export const FAILURES = {
  // before any effect
  BadInput: { retryable: false, meaning: 'the input or the cluster file is wrong; nothing was touched' },
  PlanChanged: {
    retryable: false,
    meaning: 'the plan that was asked for is no longer what would be done; nothing was touched',
  },
  AlreadyRunning: {
    retryable: false,
    meaning: 'the same change waits or works already; its id is named, and nothing was touched',
  },
  // reaching the world
  RepositoryUnavailable: {
    retryable: true,
    meaning: 'the repository of the config centre gives no answer, or none that can be read',
  },
  HostUnreachable: { retryable: true, meaning: 'no SSH session to the host could be had or kept' },
  StreamRefused: {
    retryable: true,
    meaning: 'the host was reached, but nothing listens at that socket or port, or forwarding is not allowed',
  },
  HostKeyChanged: { retryable: false, meaning: 'the host shows another key than the pinned one' },
  AccessDenied: { retryable: false, meaning: 'the host refuses our user or our key' },
  OutcomeUnknown: {
    retryable: true,
    meaning: 'the answer was lost: the command may have run or not; probe before acting',
  },
  TimedOut: { retryable: true, meaning: 'a command gave no answer in its time' },
  CommandFailed: { retryable: false, meaning: 'a command on the host ended with an error' },
  Fenced: { retryable: false, meaning: 'a newer attempt owns this resource; this one must stop' },
  LaneBusy: { retryable: true, meaning: 'another attempt holds the lock of this resource right now' },
  // staging
  ChecksumMismatch: { retryable: false, meaning: 'the bytes are not the ones that were planned' },
  ArtifactRefused: { retryable: false, meaning: 'the archive holds something that must not be unpacked' },
  DiskFull: { retryable: false, meaning: 'the host has too little space' },
  // jobs
  JobFailed: { retryable: false, meaning: 'the job ran on the host and ended with an error' },
  JobDied: {
    retryable: false,
    meaning: 'the job was cut off (reboot, kill) and may not be repeated unasked',
  },
  // traffic and health
  BalancerRefused: { retryable: false, meaning: 'the balancer answered a command with an error' },
  BalancerUnavailable: { retryable: true, meaning: 'the balancer gives no answer' },
  BalancerNotAsWanted: { retryable: true, meaning: 'the balancer does not show the wanted state yet' },
  NotEqual: { retryable: false, meaning: 'a host does not run what it was planned to run' },
  StillRunning: {
    retryable: false,
    meaning: 'a process of a stopped service is left, or something listens on its port',
  },
  Unhealthy: { retryable: false, meaning: 'the service did not become healthy in its time' },
  // metrics
  MetricsUnavailable: {
    retryable: true,
    meaning: 'the metrics server gives no answer, or none that says anything',
  },
  // ends of a change: the workflow fails with one of these, its details are the report
  RolledBack: { retryable: false, meaning: 'the change failed and what was touched was put back' },
  Aborted: { retryable: false, meaning: 'a person stopped the change' },
  Frozen: { retryable: false, meaning: 'the change failed and was left as it stands, as the plan said' },
  Failed: { retryable: false, meaning: 'the change failed and something is left to do' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type FailureType = keyof typeof FAILURES;

/** The one error that our code throws on purpose. `details` must be plain JSON; `details.mend` is a command that mends it. */
export class PawlError extends Error {
  constructor(
    readonly type: FailureType,
    message: string,
    readonly details?: unknown,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = type;
  }
}

/** One mistake in an input or a file. All mistakes are told at once. */
export interface Mistake {
  /** e.g. `unknownKey`, `outOfRange`, `unknownHost` */
  code: string;
  /** `batches.1`; for files `cluster.yaml:5:13 hosts.n1.port` */
  path: string;
  /** the offending value, escaped, at most 80 characters */
  value: string;
  /** the rule that is broken, and what to do instead */
  rule: string;
}
