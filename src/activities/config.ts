/** Configuration files of a host: brought, checked, switched, proven. What they hold never leaves this worker but to the host. */
import { setTimeout as delay } from 'node:timers/promises';
import { openCentre, type Rendered } from '../adapters/config-centre';
import { barredActions } from '../adapters/config-centre/in-place';
import { stateOf, type ConfigState } from '../adapters/config-centre/state';
import { withoutSecrets } from '../adapters/secrets';
import { PawlError } from '../contracts/failures';
import type { NamedConfig, PlannedConfig, PlannedHost, PlannedService } from '../contracts/plan';
import type { Jobs, RemoteHost } from '../contracts/world';
import { hostChecks } from '../domain/config/checks';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { get } from './probe';
import { filesAt } from './config-files';
import { configFolder } from './config-look';
import type { UnitJob } from './services';
import { unitJob } from './services';
import type { World, Worlds } from './world';

interface ConfigInput {
  change: ChangeRef;
  service: PlannedService;
  host: PlannedHost;
  config: PlannedConfig;
}

/** Exit codes of `stage-config`, beside those that nobody expects. */
const STAGE_EXITS: Record<number, 'DiskFull' | 'LaneBusy' | 'ChecksumMismatch' | 'NotEqual'> = {
  20: 'DiskFull',
  23: 'LaneBusy',
  24: 'NotEqual',
  25: 'NotEqual',
  82: 'ChecksumMismatch',
};
const KEEP = 10;
/** Milliseconds between two looks at what is served. */
const LOOK = 100;
const CHECK_MS = 60_000;

export function configActivities(worlds: Worlds, jobs: Jobs) {
  return {
    /**
     * Brings the files to a host beside those in use, and lets its own programs check them as if they were in place.
     * Touches nothing that is in use; safe to repeat. What is in use when it is first here gets the label `before`.
     */
    async stageConfig({ change, host, config, before }: ConfigInput & { before: string }): Promise<void> {
      const world = await worlds.of(change.cluster);
      const { signal, progress } = attempt(change);
      const remote = world.hosts.on(host.name);
      const { files, state } = await filesOf(world, config, host.name);
      progress(`${host.name}: ${files.length} files`);
      await stage(remote, config, state, before, signal);
      const folder = `${configFolder(config.set)}/${config.states[host.name]}`;
      for (const command of hostChecks(files.map(({ target }) => target))) {
        progress(`${host.name}: ${command.join(' ')}`);
        await accepts(remote, folder, command, signal);
      }
    },

    /** The same on hosts that have the files already: they learn what they are called, and put aside what they have. */
    async keepConfig({
      hosts,
      ...input
    }: Omit<ConfigInput, 'host'> & { hosts: string[]; before: string }): Promise<void> {
      const { change, config, before } = input;
      const world = await worlds.of(change.cluster);
      const { signal, progress } = attempt(change);
      for (const name of hosts) {
        progress(name);
        const { state } = await filesOf(world, config, name);
        await stage(world.hosts.on(name), config, state, before, signal);
      }
    },

    /**
     * Makes the files those of a staged configuration, all or none, and services use them: one job, once for each round.
     *
     * @param input.inPlace of a plan in which the host serves meanwhile: nothing is touched where more than that has become necessary
     */
    async switchConfig(
      input: UnitJob & { config: NamedConfig; inPlace?: PlannedConfig },
    ): Promise<{ reattached: boolean }> {
      const world = await worlds.of(input.change.cluster);
      const { service, config, host, inPlace } = input;
      const barred = inPlace ? await barredHere(world, inPlace, host.name, service.unit) : [];
      const args = [configFolder(config.set), config.revision, service.unit, ...barred];
      const job = { script: 'switch-config', args };
      return unitJob(world, jobs, input, job, `switching to configuration ${config.revision}`);
    },

    /** That services use the files, by what they answer: a reload that ends well proves nothing. */
    async proveServed({ change, service, host, config }: ConfigInput): Promise<void> {
      const world = await worlds.of(change.cluster);
      const { signal, elapsed } = attempt(change);
      const remote = world.hosts.on(host.name);
      const deadline = service.limits.healthySeconds * 1_000;
      const { files } = await filesOf(world, config, host.name);
      for (const { target } of files) {
        let fault = await notServed(remote, target, signal);
        for (; fault !== undefined && elapsed() < deadline; fault = await notServed(remote, target, signal))
          await delay(LOOK, undefined, { signal });
        if (fault !== undefined)
          throw new PawlError('Unhealthy', `${host.name}: ${target.path} is not served: ${fault}`);
      }
    },
  };
}

/** What the plan said, with secrets: read anew, so that no history holds them. */
async function filesOf(
  world: World,
  config: PlannedConfig,
  host: string,
): Promise<{ files: Rendered[]; state: ConfigState }> {
  const centre = await openCentre(world, { commit: config.commit });
  const files = (await filesAt(world, centre, config, host)).get(host);
  const state = stateOf(files ?? [], config.gone?.[host]);
  if (files && state.name === config.states[host]) return { files, state };
  throw new PawlError(
    'ChecksumMismatch',
    `${host}: its files are not those of the plan: a secret is another one now`,
  );
}

/** What may not follow while a host serves, as `switch-config` takes it. */
async function barredHere(
  world: World,
  config: PlannedConfig,
  host: string,
  unit: string,
): Promise<string[]> {
  const { files, state } = await filesOf(world, config, host);
  const lines = state.actions.split('\n');
  const numbers = [...barredActions(files, unit, config.gone?.[host])].map((action) =>
    action === null ? '-' : String(lines.indexOf(action) + 1),
  );
  return numbers.length > 0 ? [numbers.join(' ')] : [];
}

async function stage(
  remote: RemoteHost,
  { set, revision }: PlannedConfig,
  { name, manifest, actions, content }: ConfigState,
  before: string,
  signal: AbortSignal,
): Promise<void> {
  const head = Buffer.from(manifest + actions);
  const sizes = [Buffer.byteLength(manifest), Buffer.byteLength(actions), KEEP].map(String);
  const ran = await remote.run('stage-config', [configFolder(set), name, revision, before, ...sizes], {
    signal,
    timeoutMs: 600_000,
    stdin: Buffer.concat([head, content]),
  });
  if (ran.code === 0) return;
  const said = (ran.stderr || ran.stdout).trim().slice(-300);
  throw new PawlError(
    STAGE_EXITS[ran.code] ?? 'CommandFailed',
    `${remote.name}: ${said || `staging ended with ${ran.code}`}`,
  );
}

async function accepts(
  remote: RemoteHost,
  folder: string,
  command: string[],
  signal: AbortSignal,
): Promise<void> {
  const { code, stdout, stderr } = await remote.run('check-config', [folder, ...command], {
    signal,
    timeoutMs: CHECK_MS,
  });
  if (code === 0) return;
  const said = withoutSecrets((stderr || stdout).trim()).slice(-500);
  throw new PawlError(
    'CommandFailed',
    `${remote.name}: ${command.join(' ')} refuses the files (${code}): ${said}`,
  );
}

async function notServed(
  remote: RemoteHost,
  { served }: Rendered['target'],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (served === undefined) return undefined;
  const wanted = served.contains ?? '';
  if ('command' in served) {
    const { code, stdout, stderr } = await remote.run('run-command', served.command, { signal });
    const fine = code === 0 && stdout.includes(wanted);
    return fine
      ? undefined
      : `${served.command.join(' ')} ends with ${code}: ${withoutSecrets(stderr || stdout).slice(-200)}`;
  }
  const { status, body } = await get(remote, served.port, served.path, 2_000, signal);
  return body.includes(wanted) ? undefined : `port ${served.port} answers ${status} without "${wanted}"`;
}
