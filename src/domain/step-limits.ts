import type { Service } from '../contracts/cluster';
import type { Check, Drain } from '../contracts/inputs/common';
import type { Prepare } from '../contracts/inputs/rolling-upgrade';

/** What one attempt at a step of one host may take, in seconds, without the time for which a host may be lost. */
export interface StepSeconds {
  prepare: number;
  stage: number;
  takeOut: number;
  switchRelease: number;
  proveHealthy: number;
  putBack: number;
}

/** @param of.bytes that staging brings to a host */
export function stepSeconds(of: {
  limits: Service['limits'];
  drain: Drain;
  checks: readonly Check[];
  bytes: number;
  prepare?: readonly Prepare[];
}): StepSeconds {
  const { switchSeconds, healthySeconds } = of.limits;
  const checkSeconds = of.checks.reduce(
    (sum, check) => sum + ('timeoutSeconds' in check ? check.timeoutSeconds : 10),
    0,
  );
  return {
    prepare: Math.max(0, ...(of.prepare ?? []).map(({ timeoutSeconds }) => timeoutSeconds)),
    // a minute for the rest, and a line of 1 MB/s
    stage: 60 + Math.ceil(of.bytes / 1_000_000),
    takeOut: of.drain.deadlineSeconds + 60,
    switchRelease: switchSeconds,
    proveHealthy: healthySeconds + checkSeconds,
    putBack: healthySeconds,
  };
}

/** For the worker to take a step up, and to give its end back. */
export const ATTEMPT_SECONDS = 30;

/**
 * How long a change may well go without any step of any host ending: the longest of them, with the time for
 * which a host may be unreachable.
 */
export function longestStep(seconds: StepSeconds, unreachableSeconds: number): number {
  return Math.max(...Object.values<number>({ ...seconds })) + ATTEMPT_SECONDS + unreachableSeconds;
}
