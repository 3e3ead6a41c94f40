/** Steps on the configuration files of one host. */
import type { ConfigIntent, PlannedConfig, PlannedHost } from '../../contracts/plan';
import type { Change } from './change';
import { HostFailed } from './host-failure';
import { limits, options, step, target } from './host-steps';

/** Seconds for bytes, for what is set aside, and for programs that check. */
const STAGE_SECONDS = 300;

/** By which hosts know what they had before the change; the same for all of them. */
export function labelBefore({ state }: Change): string {
  return `before-${state.changeId.split('/').at(-1)}`;
}

/** Brings the files to a host beside those in use; its own programs check them. Keeps what is in use now, to go back to. */
export async function stageConfig(run: Change<ConfigIntent>, host: PlannedHost): Promise<void> {
  const { config } = run.plan.intent;
  const { stageConfig } = options(run, STAGE_SECONDS);
  await step(run, host, 'pending', () =>
    stageConfig.executeWithOptions(
      { summary: `${host.name}: stage and check configuration ${config.revision}` },
      [{ ...target(run, host), config, before: labelBefore(run) }],
    ),
  );
  run.note(host.name, { state: 'staged' });
}

/** Whether a host serves on while it is switched. */
export function staysIn({ plan }: Change, { name }: PlannedHost): boolean {
  return plan.intent.config?.inPlace?.includes(name) ?? false;
}

/** Whether the files are tried on it first; it serves nobody, and balancers are not asked about it. */
export function isTestHost({ plan }: Change, name: string): boolean {
  return plan.intent.config?.testHost === name;
}

/** Makes the files those of a staged configuration, and services use them: one job on the host. */
export async function switchConfig(
  run: Change,
  host: PlannedHost,
  why: 'switchConfig' | 'configBack',
): Promise<void> {
  const config = configOf(run, host);
  const { switchConfig } = options(run, limits(run).switchRelease);
  const forth = why === 'switchConfig';
  const to = forth ? config.revision : labelBefore(run);
  const summary = `${host.name}: ${forth ? `switch to configuration ${config.revision}` : 'its own files of before'}`;
  const round = run.state.rounds[host.name] ?? 0;
  await step(run, host, forth ? 'changing' : 'undoing', () =>
    switchConfig.executeWithOptions({ summary }, [
      {
        ...{ ...target(run, host), config, to, step: why, round },
        ...(forth && staysIn(run, host) && { inPlace: true }),
      },
    ]),
  );
}

/** A reload that ends well proves nothing: what services answer does. */
export async function proveServed(run: Change, host: PlannedHost): Promise<void> {
  const config = configOf(run, host);
  const { proveServed } = options(run, limits(run).proveHealthy);
  await step(run, host, 'checking', () =>
    proveServed.executeWithOptions(
      { summary: `${host.name}: prove that configuration ${config.revision} is served` },
      [{ ...target(run, host), config }],
    ),
  );
}

function configOf(run: Change, { name }: PlannedHost): PlannedConfig {
  const { config } = run.plan.intent;
  if (!config) throw new HostFailed(name, 'failed', 'the plan has no configuration');
  return config;
}
