import type { PlannedHost } from '../../contracts/plan';
import type { Check } from '../../contracts/inputs/rolling-upgrade';
import type { HostState } from '../../contracts/status';
import { hostSteps, watchHosts } from './activities';
import type { Change } from './change';
import { HostFailed, hostFailed } from './host-failure';

/** What every host step is told. */
export function target(run: Change, host: PlannedHost) {
  return { change: run.ref, service: run.plan.intent.service, host };
}

/** Shows the state, does the step, and turns its failure into one of this host. */
async function step<T>(run: Change, host: PlannedHost, state: HostState, work: () => Promise<T>): Promise<T> {
  run.note(host.name, { state });
  try {
    return await work();
  } catch (error) {
    throw hostFailed(host.name, error);
  }
}

function options(run: Change, limitSeconds: number) {
  return hostSteps(limitSeconds, run.plan.intent.settings.unreachableSeconds);
}

/** Drains a host on all its balancers and takes it out; proven on each of them. */
export async function takeOut(
  run: Change,
  host: PlannedHost,
  onDeadline: 'force' | 'wait' | 'putBack',
): Promise<void> {
  const { drain, unreachableSeconds } = run.plan.intent.settings;
  const { takeOut } = hostSteps(drain.deadlineSeconds + 60, unreachableSeconds);
  const input = {
    ...target(run, host),
    cap: run.plan.intent.maxUnavailable,
    deadlineSeconds: drain.deadlineSeconds,
    force: onDeadline === 'force',
  };
  const result = await step(run, host, 'draining', () =>
    run.interruptibly(() =>
      takeOut.executeWithOptions({ summary: `${host.name}: drain, then out of rotation` }, [input]),
    ),
  );
  run.note(host.name, { balancers: result.traffic });
  if (!result.out)
    throw new HostFailed(
      host.name,
      onDeadline === 'wait' ? 'drainLate' : 'failed',
      `${host.name} still has ${result.sessions} sessions after ${drain.deadlineSeconds} s of draining`,
    );
  run.note(host.name, { state: 'out' });
}

/** Stops the service, switches the release, starts it: one job on the host. */
export async function switchRelease(
  run: Change,
  host: PlannedHost,
  version: string,
  why: 'switch' | 'switchBack',
): Promise<void> {
  const { switchRelease } = options(run, run.plan.intent.service.limits.switchSeconds);
  const round = run.state.rounds[host.name] ?? 0;
  const summary = `${host.name}: switch to ${version}`;
  await step(run, host, why === 'switch' ? 'changing' : 'undoing', () =>
    switchRelease.executeWithOptions({ summary }, [{ ...target(run, host), version, step: why, round }]),
  );
  run.note(host.name, { version });
}

/** Unit active, port answering, health, version, and the user's checks. */
export async function proveHealthy(
  run: Change,
  host: PlannedHost,
  version: string,
  checks: Check[],
): Promise<void> {
  const { limits } = run.plan.intent.service;
  const checkSeconds = checks.reduce(
    (sum, check) => sum + ('timeoutSeconds' in check ? check.timeoutSeconds : 10),
    0,
  );
  const { proveHealthy } = options(run, limits.healthySeconds + checkSeconds);
  const state = run.status.phase === 'rollingBack' ? 'undoing' : 'checking';
  await step(run, host, state, () =>
    proveHealthy.executeWithOptions({ summary: `${host.name}: prove ${version} healthy` }, [
      { ...target(run, host), version, checks },
    ]),
  );
}

/** Back into rotation with its weights, exactly up on every balancer. */
export async function putBack(
  run: Change,
  host: PlannedHost,
  weights: Record<string, number>,
): Promise<void> {
  const { putBack } = options(run, run.plan.intent.service.limits.healthySeconds);
  const { traffic } = await step(run, host, 'ramping', () =>
    putBack.executeWithOptions({ summary: `${host.name}: back into rotation` }, [
      { ...target(run, host), weights },
    ]),
  );
  run.note(host.name, { balancers: traffic });
}

/** Hosts must stay healthy and in rotation for so long; the clock is the workflow's own. */
export async function stayHealthy(
  run: Change,
  hosts: PlannedHost[],
  seconds: number,
  what: string,
): Promise<void> {
  const { service, version } = run.plan.intent;
  await run.observe(seconds, what, () =>
    watchHosts.executeWithOptions({ summary: what }, [{ change: run.ref, service, hosts, version }]),
  );
}
