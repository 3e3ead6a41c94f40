/** How a service comes to serve again. */
import type { PlannedHost, PlannedService } from '../../contracts/plan';
import type { StepOf } from '../../contracts/recovery';
import { STEP_NAMES } from '../../domain/recovery/steps';
import { lookAtHosts } from './activities';
import { HostFailed, hostFailed } from './host-failure';
import { leave, outOf, putBackInto, serveAgain } from './recover-rotation';
import {
  attended,
  configOn,
  job,
  memberOf,
  noteService,
  secondsOf,
  steps,
  type Outcome,
  type Recovery,
} from './recover-tools';

/** What is well already is only proven to be. */
export async function bringService(run: Recovery, step: StepOf<'service'>): Promise<Outcome> {
  const { host, service } = step;
  const { releases } = run.plan.intent;
  const at = memberOf(run, service, host);
  const planned = run.plan.intent.services[service];
  if (!at || !planned) throw new HostFailed(host, 'failed', `${host} is no host of ${service} in this plan`);
  const release = releases[service];
  const version = release?.version ?? (await versionOn(run, planned, at));
  const aside = release ? await renew(run, step, planned, at) : [];
  const how = release ? `${version} anew, healthy` : await started(run, step, planned, at, version);
  noteService(run, service, host, { version });
  const config = configOn(run, service, host);
  if (config) {
    const { proveServed } = steps(run, planned.limits.healthySeconds);
    await attended(run, step, () =>
      proveServed.executeWithOptions({ summary: `${host}: prove that its configuration is served` }, [
        { change: run.ref, service: planned, host: at, config },
      ]),
    );
  }
  await serveAgain(run, step);
  return { how, aside };
}

/** What comes back behind the services finds them done: they are proven again, and serve. */
export async function serveOn(run: Recovery, host: string): Promise<void> {
  const done = outOn(run, host).filter(({ name }) => run.stepStatus(name).state === 'done');
  for (const step of done) {
    const { state, note } = run.stepStatus(step.name);
    await proveAsItIs(run, step);
    run.noteStep(step.name, { state, note });
  }
  const last = done.at(-1);
  if (last) await serveAgain(run, last);
}

/** It serves while people think about what did not come, where its services are well. */
export async function serveMeanwhile(run: Recovery, host: string): Promise<void> {
  const out = outOn(run, host);
  try {
    for (const step of out) {
      const { state, note } = run.stepStatus(step.name);
      await proveAsItIs(run, step);
      run.noteStep(step.name, { state, note });
    }
    for (const step of out) await putBackInto(run, step.name);
  } catch (error) {
    run.happened(`${host} stays out of rotation: ${hostFailed(host, error).message}`);
  }
}

const outOn = (run: Recovery, host: string) =>
  run.plan.intent.recovery.filter(
    (step): step is StepOf<'service'> =>
      step.kind === 'service' && step.host === host && !!outOf(run, step.name),
  );

async function proveAsItIs(run: Recovery, step: StepOf<'service'>): Promise<void> {
  const service = run.plan.intent.services[step.service];
  const at = memberOf(run, step.service, step.host);
  if (service && at) await prove(run, step, service, at, await versionOn(run, service, at));
}

/** The release as it was built, and the configuration that waits for it; what lay in its place is set aside. */
async function renew(
  run: Recovery,
  step: StepOf<'service'>,
  service: PlannedService,
  host: PlannedHost,
): Promise<string[]> {
  const { version, artifact } = run.plan.intent.releases[step.service]!;
  const target = { change: run.ref, service, host };
  const config = configOn(run, service.name, host.name);
  const files = config && { config: { set: config.set, revision: config.revision } };
  await leave(run, step.host);
  const { stage, switchRelease } = secondsOf(run, service, artifact.size);
  const aside = await attended(run, step, () =>
    steps(run, stage).setAsideRelease.executeWithOptions({ summary: `${host.name}: set its release aside` }, [
      { ...target, ...job(run, step.name), version },
    ]),
  );
  await attended(run, step, () =>
    steps(run, stage).stageRelease.executeWithOptions({ summary: `${host.name}: stage ${version}` }, [
      { ...target, version, artifact, previous: null },
    ]),
  );
  await attended(run, step, () =>
    steps(run, switchRelease).switchRelease.executeWithOptions(
      { summary: `${host.name}: switch to ${version}` },
      [{ ...target, ...job(run, step.name), version, ...files }],
    ),
  );
  await prove(run, step, service, host, version);
  return aside;
}

/**
 * Restarted where it is not healthy, and where what it runs from was damaged: it may have that in memory still.
 *
 * @param version that it has; empty: nobody knows
 */
async function started(
  run: Recovery,
  step: StepOf<'service'>,
  service: PlannedService,
  host: PlannedHost,
  version: string,
): Promise<string> {
  const anew = cameAnew(run, service, host.name);
  const fault = anew
    ? undefined
    : await prove(run, step, service, host, version).then(
        () => undefined,
        (error: unknown) => hostFailed(host.name, error),
      );
  if (!anew && !fault) return 'healthy';
  if (fault && fault.kind !== 'failed') throw fault;
  await leave(run, step.host);
  const limits = secondsOf(run, service);
  for (const [act, why] of [
    ['stopService', 'stop'],
    ['startService', 'start'],
  ] as const) {
    const activity = steps(run, limits.switchRelease)[act];
    const input = { change: run.ref, service, host, ...job(run, step.name), step: why };
    await attended(run, step, () =>
      activity.executeWithOptions({ summary: `${host.name}: ${why} ${service.unit}` }, [input]),
    );
  }
  await prove(run, step, service, host, version);
  return fault
    ? `started again, healthy; before: ${fault.message}`
    : 'started again from its package, healthy';
}

/** Its own package was installed anew in this run, whatever became of those that should have come with it. */
const cameAnew = (run: Recovery, { release }: PlannedService, host: string) =>
  release.kind === 'deb' &&
  (run.status.recovery?.steps ?? []).some(
    ({ name, installed = [] }) =>
      name === STEP_NAMES.packages('', host) && installed.includes(release.package),
  );

/** @param version empty: nobody knows which one it should be */
async function prove(
  run: Recovery,
  step: StepOf<'service'>,
  service: PlannedService,
  host: PlannedHost,
  version: string,
): Promise<void> {
  const { proveHealthy } = steps(run, secondsOf(run, service).proveHealthy);
  const asked = version === '' ? { ...service, version: undefined } : service;
  // one that was never taken out serves, or tries to
  const inPlace = !outOf(run, step.name);
  await attended(run, step, () =>
    proveHealthy.executeWithOptions({ summary: `${host.name}: prove ${service.name} healthy` }, [
      { change: run.ref, service: asked, host, version, checks: [], ...(inPlace && { inPlace }) },
    ]),
  );
}

async function versionOn(run: Recovery, service: PlannedService, host: PlannedHost): Promise<string> {
  const [seen] = await lookAtHosts.executeWithOptions({ summary: `${host.name}: which version there is` }, [
    { change: run.ref, service, hosts: [host] },
  ]);
  return seen && seen.version !== 'unknown' ? seen.version : '';
}
