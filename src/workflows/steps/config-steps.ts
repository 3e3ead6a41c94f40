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

/** Whether a host serves on while it is switched. */
export function staysIn({ plan }: Change, { name }: PlannedHost): boolean {
  return plan.intent.config?.inPlace?.includes(name) ?? false;
}

/** Whether the files are tried on it first; it serves nobody, and balancers are not asked about it. */
export function isTestHost({ plan }: Change, name: string): boolean {
  return plan.intent.config?.testHost === name;
}

/**
 * Makes the files those of a staged configuration, and services use them: one job on the host.
 *
 * @param to the planned one, or what the host had before
 */
export async function switchConfig(
  run: Change,
  host: PlannedHost,
  to: PlannedConfig | 'before',
): Promise<void> {
  const back = to === 'before';
  const config = configFor(run, back ? 'back' : 'forth');
  if (!config) throw new HostFailed(host.name, 'failed', 'the plan has no configuration');
  const { switchConfig } = options(run, limits(run).switchRelease);
  const what = back ? 'its own files of before' : `switch to configuration ${config.revision}`;
  const job = {
    ...{ ...target(run, host), config, step: back ? 'configBack' : 'switchConfig' },
    round: run.state.rounds[host.name] ?? 0,
    ...(!back && staysIn(run, host) && { inPlace: to }),
  };
  await step(run, host, back ? 'undoing' : 'changing', () =>
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
