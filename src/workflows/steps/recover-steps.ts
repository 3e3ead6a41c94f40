/** What a recovery does, step by step. Each is safe to repeat; none deletes what was there. */
import type { RecoveryStep, StepOf } from '../../contracts/recovery';
import { missingText } from '../../domain/recovery/words';
import { HostFailed } from './host-failure';
import { labelBefore } from './host-steps';
import { leave } from './recover-rotation';
import { bringService, serveMeanwhile } from './recover-service';
import { restore } from './recover-source';
import { attended, configOn, job, memberOf, steps, type Outcome, type Recovery } from './recover-tools';

/** Seconds for packages that come over a network, and for files of a configuration. */
const REINSTALL_SECONDS = 1_800;
const STAGE_SECONDS = 300;

const RECOVER: { [K in RecoveryStep['kind']]: (run: Recovery, step: StepOf<K>) => Promise<Outcome> } = {
  packages: reinstall,
  restore,
  files: bringFiles,
  service: bringService,
};

export function recover(run: Recovery, step: RecoveryStep): Promise<Outcome> {
  return (RECOVER[step.kind] as (run: Recovery, step: RecoveryStep) => Promise<Outcome>)(run, step);
}

/** A host leaves rotation for what it can install, and not before it has that. */
async function reinstall(run: Recovery, step: StepOf<'packages'>): Promise<Outcome> {
  const { name, host, packages } = step;
  const { fetchPackages, reinstallPackages } = steps(run, REINSTALL_SECONDS);
  const of = { change: run.ref, ...job(run, name), host };
  const { there, missing } = await attended(run, step, () =>
    fetchPackages.executeWithOptions({ summary: `${host}: fetch ${packages.join(', ')}` }, [
      { ...of, packages },
    ]),
  );
  const fault = missing.length > 0 ? missingText(missing) : undefined;
  if (there.length === 0 && fault !== undefined) throw new HostFailed(host, 'failed', fault);
  if (there.length === 0)
    return { how: 'files of all packages are as they came by now', installed: packages };
  await leave(run, host);
  const aside = await attended(run, step, () =>
    reinstallPackages.executeWithOptions({ summary: `${host}: install ${there.join(', ')} anew` }, [
      { ...of, packages: there },
    ]),
  );
  if (fault !== undefined) await serveMeanwhile(run, host);
  return { how: `${there.join(', ')} installed anew`, aside, installed: there, fault };
}

/** What the host had is kept there, and `pawl config` knows it by its label. */
async function bringFiles(run: Recovery, step: StepOf<'files'>): Promise<Outcome> {
  const { name, host, service } = step;
  const { services, releases } = run.plan.intent;
  const config = configOn(run, service, host);
  const at = memberOf(run, service, host);
  if (!config || !at) throw new HostFailed(host, 'failed', `the plan has no configuration of ${service}`);
  const of = { change: run.ref, service: services[service]!, host: at };
  const { stageConfig } = steps(run, STAGE_SECONDS);
  const before = labelBefore(run);
  await attended(run, step, () =>
    stageConfig.executeWithOptions({ summary: `${host}: stage and check configuration ${config.revision}` }, [
      { ...of, config, before },
    ]),
  );
  const how = `configuration ${config.revision}; what was there is ${before}`;
  // what reads them may not be there before the release is
  if (releases[service]) return { how: `${how}; it comes with the release` };
  await leave(run, host);
  const { switchConfig } = steps(run, of.service.limits.switchSeconds);
  await attended(run, step, () =>
    switchConfig.executeWithOptions({ summary: `${host}: switch to configuration ${config.revision}` }, [
      { ...of, ...job(run, name), config },
    ]),
  );
  return { how };
}
