import { PawlError } from '../contracts/failures';
import type { NamedConfig, PlannedArtifact, PlannedHost, PlannedService } from '../contracts/plan';
import type { Jobs, RemoteHost } from '../contracts/world';
import { upload } from '../adapters/ssh';
import type { ArtifactStore } from '../adapters/artifacts';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { configFolder } from './config-look';
import type { UnitJob } from './services';
import { unitJob } from './services';
import { keepingOut } from './traffic';
import type { Worlds } from './world';

/** A release as its host knows it. */
interface Release {
  version: string;
  artifact: PlannedArtifact;
}

interface StageInput {
  change: ChangeRef;
  service: PlannedService;
  host: PlannedHost;
  version: string;
  artifact: PlannedArtifact;
  /** the package to go back to, where one was named */
  previous: Release | null;
}

/** The staging programs' exit code for: upload it first. */
const NOT_UPLOADED = 10;

/** What else they say with it. */
const STAGE_EXITS: Record<
  number,
  { type: 'DiskFull' | 'ArtifactRefused' | 'ChecksumMismatch' | 'LaneBusy'; meaning: string }
> = {
  20: { type: 'DiskFull', meaning: 'too little space' },
  21: { type: 'ChecksumMismatch', meaning: 'another release of this name is there already' },
  22: { type: 'ArtifactRefused', meaning: 'the archive cannot be unpacked safely' },
  23: { type: 'LaneBusy', meaning: 'another attempt is staging' },
};

export function releaseActivities(worlds: Worlds, jobs: Jobs, artifacts: ArtifactStore) {
  return {
    /** Brings a release to a host, checked and unpacked beside the running one. What is there already is kept. */
    async stageRelease(input: StageInput): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { signal, progress } = attempt(input.change);
      const remote = world.hosts.on(input.host.name);
      const releases = [
        { version: input.version, artifact: input.artifact },
        ...(input.previous ? [input.previous] : []),
      ];
      for (const { version, artifact } of releases) {
        const { size, sha256 } = artifact;
        const remotePath = `/var/lib/pawl/artifacts/${sha256}`;
        const stage = () => place(remote, input.service, version, remotePath, artifact, signal);
        if (await stage()) continue;
        const file = await artifacts.fetch(artifact, signal);
        await upload(remote, { file, size, sha256, remotePath, mode: 0o600, absent: true }, signal, (bytes) =>
          progress(`${input.host.name}: ${Math.round((100 * bytes) / Math.max(1, size))} % of ${version}`),
        );
        if (!(await stage()))
          throw new PawlError('OutcomeUnknown', `${remote.name}: ${remotePath} was uploaded and is gone`);
      }
    },

    /**
     * Stops the service, switches to a staged release, and starts it: one job, once for each round.
     *
     * @param input.config switched with it
     */
    async switchRelease(
      input: UnitJob & { version: string; config?: NamedConfig },
    ): Promise<{ reattached: boolean }> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const { service, host, version, config } = input;
      return keepingOut(world, host, now, () =>
        unitJob(world, jobs, input, switchJob(service, version, config), `switching to ${version}`),
      );
    },
  };
}

/**
 * Unpacks an uploaded tarball beside the running release; keeps a package where the switch finds it. What
 * is there already stays.
 *
 * @returns false when it must be uploaded first
 */
async function place(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  file: string,
  { sha256 }: PlannedArtifact,
  signal: AbortSignal,
): Promise<boolean> {
  const { release, limits } = service;
  const [script, ...where] =
    release.kind === 'tarball'
      ? (['stage-tarball', release.releases, release.current] as const)
      : (['stage-deb', release.package] as const);
  const args = [file, version, sha256, String(limits.freeMiB), String(limits.keepReleases), ...where];
  const ran = await remote.run(script, args, { signal, timeoutMs: 600_000 });
  if (ran.code === 0) return true;
  if (ran.code === NOT_UPLOADED) return false;
  const known = STAGE_EXITS[ran.code];
  const said = (ran.stderr || ran.stdout).trim().slice(-300);
  throw new PawlError(
    known?.type ?? 'CommandFailed',
    `${remote.name}: ${known?.meaning ?? `staging ended with ${ran.code}`}: ${said}`,
  );
}

function switchJob(
  { release, unit }: PlannedService,
  version: string,
  config?: NamedConfig,
): { script: string; args: string[] } {
  const files = config ? [configFolder(config.set), config.revision] : [];
  return release.kind === 'tarball'
    ? { script: 'switch-tarball', args: [unit, release.current, `${release.releases}/${version}`, ...files] }
    : { script: 'switch-deb', args: [unit, release.package, version, ...files] };
}
