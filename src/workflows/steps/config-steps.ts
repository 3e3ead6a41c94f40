/** Steps on the configuration files of hosts. */
import type { PlannedConfig, PlannedHost } from '../../contracts/plan';
import type { Change } from './change';
import { HostFailed } from './host-failure';
import { configFor, labelBefore, limits, options, step, target } from './host-steps';

/** Seconds for bytes, for what is set aside, and for programs that check. */
const STAGE_SECONDS = 300;

/** Brings the files to a host beside those in use; its own programs check them. Keeps what is in use now, to go back to. */
export async function stageConfig(run: Change, host: PlannedHost, config: PlannedConfig): Promise<void> {
  const { stageConfig } = options(run, STAGE_SECONDS);
  const summary = `${host.name}: stage and check configuration ${config.revision}`;
  await step(run, host, 'pending', () =>
    stageConfig.executeWithOptions({ summary }, [{ ...target(run, host), config, before: labelBefore(run) }]),
  );
}

/** Makes the files those of a staged configuration, and services use them: one job on the host. */
export async function switchConfig(run: Change, host: PlannedHost, way: 'forth' | 'back'): Promise<void> {
  const config = configFor(run, way);
  if (!config) throw new HostFailed(host.name, 'failed', 'the plan has no configuration');
  const { switchConfig } = options(run, limits(run).switchRelease);
  const [what, why, state] =
    way === 'forth'
      ? ([`switch to configuration ${config.revision}`, 'switchConfig', 'changing'] as const)
      : (['its own files of before', 'configBack', 'undoing'] as const);
  const job = { ...target(run, host), config, step: why, round: run.state.rounds[host.name] ?? 0 };
  await step(run, host, state, () =>
    switchConfig.executeWithOptions({ summary: `${host.name}: ${what}` }, [job]),
  );
}

/** A reload that ends well proves nothing: what services answer does. */
export async function proveServed(run: Change, host: PlannedHost, config: PlannedConfig): Promise<void> {
  const { proveServed } = options(run, limits(run).proveHealthy);
  const summary = `${host.name}: prove that configuration ${config.revision} is served`;
  await step(run, host, 'checking', () =>
    proveServed.executeWithOptions({ summary }, [{ ...target(run, host), config }]),
  );
}

/** Hosts that have the files already come to know them by their revision, and put aside the same as the others. */
export async function keepConfig(run: Change, config: PlannedConfig): Promise<void> {
  const hosts = config.has ?? [];
  if (hosts.length === 0) return;
  const [first] = run.plan.intent.hosts;
  if (!first) return;
  const { keepConfig } = options(run, STAGE_SECONDS);
  const summary = `${hosts.join(', ')} have configuration ${config.revision} already`;
  await step(run, first, run.host(first.name).state, () =>
    keepConfig.executeWithOptions({ summary }, [
      { change: run.ref, service: run.plan.intent.service, hosts, config, before: labelBefore(run) },
    ]),
  );
}
