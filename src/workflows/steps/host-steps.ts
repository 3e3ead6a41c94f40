import type { Check } from '../../contracts/inputs/common';
import type { NamedConfig, PlannedHost, UpgradeIntent } from '../../contracts/plan';
import type { HostState } from '../../contracts/status';
import { releaseText } from '../../domain/stable';
import { weightAt } from '../../domain/ramp';
import { stepSeconds } from '../../domain/step-limits';
import { hostSteps, watchHosts } from './activities';
import type { Change } from './change';
import { HostFailed, hostFailed } from './host-failure';
import { observe, type Observation } from './observe';

/** What every host step is told. */
export function target(run: Change, host: PlannedHost) {
  return { change: run.ref, service: run.plan.intent.service, host };
}

/** Full weights by balancer. */
export function weightsOf(traffic: Record<string, { weight: number }>): Record<string, number> {
  return Object.fromEntries(Object.entries(traffic).map(([name, { weight }]) => [name, weight]));
}

/** Milliseconds in which a lost host is found: what an attempt took before, it was in touch. */
const FOUND_WITHIN = 15_000;

/** Shows the state, does the step, and turns its failure into one of this host. */
export async function step<T>(
  run: Change,
  host: PlannedHost,
  state: HostState,
  work: () => Promise<T>,
): Promise<T> {
  if (run.turn.over?.takesAll) run.throwIfStopped();
  const { state: stays, note } = run.host(host.name);
  const show = (failure?: HostFailed) => {
    if (!failure) return run.note(host.name, { state, note });
    run.note(host.name, {
      state: failure.kind === 'unreachable' ? 'unreachable' : stays,
      note: failure.message,
    });
  };
  show();
  const result = await patiently(run, host.name, work, show);
  run.clock.advance();
  return result;
}

/**
 * Tries again what may pass by itself, for as long as the plan lets a host be unreachable.
 *
 * @param show told of each failure that is waited out, and of its end
 */
export async function patiently<T>(
  run: Change,
  host: string,
  work: () => Promise<T>,
  show: (failure?: HostFailed) => void,
): Promise<T> {
  const patience = run.plan.intent.settings.unreachableSeconds * 1_000;
  // about fifty attempts, however long it is
  const longest = Math.max(5_000, patience / 50);
  let lost: number | undefined;
  for (let pause = 1_000; ; pause = Math.min(pause * 1.5, longest)) {
    const begun = Date.now();
    try {
      const result = await work();
      if (lost !== undefined) show();
      return result;
    } catch (error) {
      const failure = hostFailed(host, error);
      const now = Date.now();
      if (lost === undefined || now - begun > 2 * FOUND_WITHIN) lost = Math.max(begun, now - FOUND_WITHIN);
      const passing = failure.kind === 'unreachable' || failure.kind === 'notYet';
      if (!passing || now - lost >= patience) throw failure;
      show(failure);
    }
    await run.rest(pause);
  }
}

export function options(run: Change, limitSeconds: number) {
  return hostSteps(limitSeconds, run.plan.intent.settings.unreachableSeconds);
}

export function limits(run: Change, { checks = [], bytes = 0 }: { checks?: Check[]; bytes?: number } = {}) {
  const { service, settings } = run.plan.intent;
  return stepSeconds({ limits: service.limits, drain: settings.drain, checks, bytes });
}

/** Brings the release to a host, checked, while it serves. */
export async function stageRelease(run: Change<UpgradeIntent>, host: PlannedHost): Promise<void> {
  const { version, artifact, previousArtifact } = run.plan.intent;
  const before = run.plan.observed.hosts[host.name]?.version;
  // the package to keep ready for the way back, where the release is a package
  const previous = previousArtifact && before ? { version: before, artifact: previousArtifact } : null;
  const bytes = artifact.size + (previousArtifact?.size ?? 0);
  const { stageRelease } = options(run, limits(run, { bytes }).stage);
  await step(run, host, 'pending', () =>
    stageRelease.executeWithOptions({ summary: `${host.name}: stage ${version}` }, [
      { ...target(run, host), version, artifact, previous },
    ]),
  );
}

/** It can neither be drained nor put back: whoever is connected to it sees it change. */
const isInNoBalancer = ({ places }: PlannedHost) => places.length === 0;

/** Drains a host on all its balancers and takes it out; proven on each of them. */
export async function takeOut(
  run: Change,
  host: PlannedHost,
  onDeadline: 'force' | 'wait' | 'putBack',
): Promise<void> {
  if (isInNoBalancer(host)) return run.note(host.name, { state: 'out' });
  const { drain } = run.plan.intent.settings;
  const { takeOut } = options(run, limits(run).takeOut);
  const input = {
    ...target(run, host),
    // a test host is out all the time, and takes nobody's place
    cap: run.plan.intent.maxUnavailable + (run.plan.intent.config?.testHost === undefined ? 0 : 1),
    deadlineSeconds: drain.deadlineSeconds,
    force: onDeadline === 'force',
  };
  const result = await step(run, host, 'draining', () =>
    leaving(run, host, (away) =>
      takeOut.executeWithOptions({ summary: `${host.name}: drain, then out of rotation` }, [
        { ...input, away },
      ]),
    ),
  );
  run.note(host.name, { balancers: result.traffic });
  if (result.out && result.sessions > 0)
    run.status.notes.push(
      `${host.name} went out with ${result.sessions} sessions that had outlived ${drain.deadlineSeconds} s of draining`,
    );
  if (!result.out)
    throw new HostFailed(
      host.name,
      onDeadline === 'wait' ? 'drainLate' : 'failed',
      `${host.name} still has ${result.sessions} sessions after ${drain.deadlineSeconds} s of draining`,
    );
  run.note(host.name, { state: 'out' });
}

/**
 * Tells a host that is to leave which others are away or on their way, so that two of them never take the
 * same place. One that may not leave yet takes none.
 */
async function leaving<T>(run: Change, host: PlannedHost, work: (away: string[]) => Promise<T>): Promise<T> {
  const others = [...run.away].filter((name) => name !== host.name);
  run.away.add(host.name);
  try {
    return await run.interruptibly(() => work(others));
  } catch (error) {
    const failure = hostFailed(host.name, error);
    if (failure.kind === 'notYet') run.away.delete(host.name);
    throw failure;
  }
}

/** By which hosts know what they had before the change; the same for all of them. */
export function labelBefore({ state }: Change): string {
  return `before-${state.changeId.split('/').at(-1)}`;
}

/** The configuration that hosts are switched to, where the change has one. */
export function configFor(run: Change, way: 'forth' | 'back'): NamedConfig | undefined {
  const { config } = run.plan.intent;
  if (!config) return undefined;
  return { set: config.set, revision: way === 'forth' ? config.revision : labelBefore(run) };
}

/** Stops the service, switches the release and its configuration, starts it: one job on the host. */
export async function switchRelease(
  run: Change,
  host: PlannedHost,
  version: string,
  why: 'switch' | 'switchBack',
): Promise<void> {
  const { switchRelease } = options(run, limits(run).switchRelease);
  const round = run.state.rounds[host.name] ?? 0;
  const config = configFor(run, why === 'switch' ? 'forth' : 'back');
  const summary = `${host.name}: switch to ${releaseText({ version, config: config?.revision })}`;
  const job = { ...target(run, host), version, step: why, round, ...(config && { config }) };
  await step(run, host, why === 'switch' ? 'changing' : 'undoing', () =>
    switchRelease.executeWithOptions({ summary }, [job]),
  );
  run.note(host.name, { version });
}

/** Unit active, port answering, health, version, and the user's checks; the host is out meanwhile, unless it is `inPlace`. */
export async function proveHealthy(
  run: Change,
  host: PlannedHost,
  version: string,
  checks: Check[],
  inPlace = false,
): Promise<void> {
  const { proveHealthy } = options(run, limits(run, { checks }).proveHealthy);
  const state = run.status.phase === 'rollingBack' ? 'undoing' : 'checking';
  await step(run, host, state, () =>
    run.handedOver(() =>
      proveHealthy.executeWithOptions({ summary: `${host.name}: prove ${version} healthy` }, [
        { ...target(run, host), version, checks, ...(inPlace && { inPlace }) },
      ]),
    ),
  );
}

/** Back into rotation with its weights, exactly up on every balancer. */
export async function putBack(
  run: Change,
  host: PlannedHost,
  weights: Record<string, number>,
): Promise<void> {
  if (isInNoBalancer(host)) return;
  const { putBack } = options(run, limits(run).putBack);
  const { traffic } = await step(run, host, 'ramping', () =>
    run.handedOver(() =>
      putBack.executeWithOptions({ summary: `${host.name}: back into rotation` }, [
        { ...target(run, host), weights },
      ]),
    ),
  );
  run.away.delete(host.name);
  run.note(host.name, { balancers: traffic });
}

/**
 * In rotation with a part of its weight, and kept so until there is another; at 0 balancers check it and send nothing.
 *
 * @param full weights by balancer
 * @returns the share of the requests that it gets, by balancer, 0 to 1
 */
export async function bringTo(
  run: Change,
  host: PlannedHost,
  full: Record<string, number>,
  percent: number,
): Promise<Record<string, number>> {
  const weights = Object.fromEntries(
    Object.entries(full).map(([balancer, weight]) => [balancer, weightAt(weight, percent)]),
  );
  const { setWeights } = options(run, limits(run).putBack);
  const { traffic, shares } = await step(run, host, 'ramping', () =>
    setWeights.executeWithOptions({ summary: `${host.name}: ${percent} % of its weight` }, [
      { ...target(run, host), weights, held: percent < 100 },
    ]),
  );
  if (percent > 0) run.away.delete(host.name);
  run.note(host.name, { balancers: traffic });
  return shares;
}

/**
 * Hosts of one version must stay healthy and in rotation for so long; the clock is the workflow's own. Time in which one of
 * them could not be looked at proves nothing: at least a minute of it, or all, is observed again.
 */
export async function stayHealthy(
  run: Change,
  hosts: PlannedHost[],
  seconds: number,
  what: string,
  { traffic, ...more }: Observation & { traffic?: 'draining' } = {},
): Promise<void> {
  const [first] = hosts;
  if (!first || seconds <= 0) return;
  const { service } = run.plan.intent;
  const until = Date.now() + seconds * 1_000;
  const input = {
    change: run.ref,
    service,
    hosts,
    version: run.versionOf(first),
    ...(traffic && { traffic }),
  };
  const { confirmHealthy } = options(run, 60);
  const attempt = async () => {
    const left = Math.max(Math.ceil((until - Date.now()) / 1_000), Math.min(seconds, 60));
    await observe(run, left, what, () => watchHosts.executeWithOptions({ summary: what }, [input]), more);
    await confirmHealthy.executeWithOptions({ summary: `${what}: the last look` }, [input]);
  };
  await patiently(run, first.name, attempt, (failure) => {
    if (failure) run.note(failure.host, { note: failure.message });
    else for (const { name } of hosts) run.note(name, { note: undefined });
  });
}
