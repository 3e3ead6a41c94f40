import type { ConfigIntent, ObservedHost, PlannedHost } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planConfigCanary } from './steps/activities';
import { announce } from './steps/announce';
import { boundary } from './steps/boundary';
import { Change, ChangeStopped } from './steps/change';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import {
  isTestHost,
  keepConfig,
  proveServed,
  stageConfig,
  staysIn,
  switchConfig,
} from './steps/config-steps';
import { learnUsual } from './steps/gate';
import { badState, hostFailed } from './steps/host-failure';
import { proveHealthy } from './steps/host-steps';
import { goOnAnew } from './steps/long';
import { isToDo, through } from './steps/one-by-one';
import { opening } from './steps/opening';
import { progressing } from './steps/progress';
import { batchByBatch } from './steps/rollout';
import { noteBefore, noteProven, releaseAfter, versionServed } from './steps/stable';
import { stageAll } from './steps/stage';
import type { ChangeState } from './steps/state';
import { fencesUp } from './steps/turn';
import { willUndo } from './steps/undo';

type ConfigChange = Change<ConfigIntent>;

/** Brings configuration files to one host, some, all, with hours of observation between. The input is checked by the plan. */
export async function configCanary(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: ConfigChange = Change.begin('configCanary', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () =>
      planConfigCanary.executeWithOptions({ summary: 'render files, look at hosts and balancers' }, [input]),
    );
    if (planned) return planned;
    const { hosts, config } = run.plan.intent;
    if (hosts.length === 0)
      return { end: 'succeeded', summary: `nothing to do: every host has configuration ${config.revision}` };
    if (!run.state.staged) {
      await tryFirst(run);
      const others = hosts.filter(({ name }) => !isTestHost(run, name));
      await stageAll(run, others, `configuration ${config.revision}`, (host) => stageOne(run, host));
      if (!run.state.staged) await goOnAnew(run, input);
      await keepConfig(run, config);
      await learnUsual(run, others);
      await fencesUp(run);
      await noteBefore(run);
    }
    await batchByBatch(
      run,
      input,
      (host, before) => switchFiles(run, host, before),
      (host) => staysIn(run, host),
    );
    const ending = done(run);
    await noteProven(run, releaseAfter(run, versionServed(run)));
    return ending;
  });
}

async function stageOne(run: ConfigChange, host: PlannedHost): Promise<void> {
  await stageConfig(run, host, run.plan.intent.config);
  run.note(host.name, { state: 'staged' });
}

/** On the test host the files are staged, checked, used and proven before any other host is touched. */
async function tryFirst(run: ConfigChange): Promise<void> {
  const { hosts, config } = run.plan.intent;
  const host = hosts.find(({ name }) => isTestHost(run, name));
  if (!host || !isToDo(run, host)) return;
  run.enter('preparing', `trying configuration ${config.revision} on ${host.name}`);
  await fencesUp(run);
  await boundary(run);
  try {
    await progressing(run, () =>
      run.working(host, async () => {
        await stageConfig(run, host, config);
        await switchFiles(run, host, run.plan.observed.hosts[host.name]!);
        run.note(host.name, { state: 'done', note: undefined });
      }),
    );
  } catch (error) {
    if (error instanceof ChangeStopped) throw error;
    const failure = hostFailed(host.name, error);
    run.note(host.name, { state: badState(failure), note: failure.message });
    announce(run, 'hostFailed', { host: host.name, why: failure.message });
    throw new ChangeStopped('failed', `on the test host: ${failure.message}`, 'asPlanned');
  }
}

/** The undo of the switch is written down before it. */
async function switchFiles(run: ConfigChange, host: PlannedHost, { version }: ObservedHost): Promise<void> {
  const { config, checks } = run.plan.intent;
  willUndo(run, { step: 'configBack', host: host.name, version });
  await switchConfig(run, host, config);
  await proveHealthy(run, host, version, checks, isTestHost(run, host.name) || staysIn(run, host));
  await proveServed(run, host, config);
}

function done(run: ConfigChange): Ending {
  const { names, without } = through(run);
  if (names.length === 0)
    throw new ChangeStopped('failed', 'no file was changed: every host was skipped', false);
  const { service, config } = run.plan.intent;
  return {
    end: 'succeeded',
    summary: `${service.name} has configuration ${config.set === service.name ? '' : `${config.set} at `}${config.revision} on ${names.length} hosts${without}`,
  };
}
