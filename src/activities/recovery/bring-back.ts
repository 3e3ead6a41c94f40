/** What a recovery brings back besides backups. */
import type { PlannedHost, PlannedService } from '../../contracts/plan';
import type { Jobs, RemoteHost } from '../../contracts/world';
import type { ChangeRef } from '../attempt';
import type { Fetched } from '../../contracts/recovery';
import { parseFetched } from '../../adapters/recovery/said';
import { NOBODY_MISSES } from '../../domain/recovery/limits';
import { attempt } from '../attempt';
import { unitsOf } from '../backups/restore-plan';
import { sourceNamed } from '../backups/source';
import { outputOfJob, runJob } from '../job';
import type { Worlds } from '../world';

interface Piece {
  change: ChangeRef;
  /** of the recovery, by its name */
  step: string;
  round: number;
}

const REINSTALL_SECONDS = 1_800;
const RENAME_SECONDS = 60;
const START_SECONDS = 300;

export function bringBackActivities(worlds: Worlds, jobs: Jobs) {
  return {
    /** Fetches damaged packages, while all goes on as it is: one job, once for each round. */
    async fetchPackages(input: Piece & { host: string; packages: string[] }): Promise<Fetched> {
      const world = await worlds.of(input.change.cluster);
      const { change, host, packages, step, round } = input;
      const args = [fetchedIn(input), NOBODY_MISSES.join(' '), ...packages];
      const spec = { lane: 'packages', script: 'fetch-packages', args, ifCut: 'runAgain' } as const;
      const of = { change, host, step: `${step}: fetch`, round };
      const limited = { ...spec, maxSeconds: REINSTALL_SECONDS };
      return parseFetched(await outputOfJob(world, jobs, of, limited, `fetching ${packages.join(', ')}`));
    },

    /**
     * Installs packages anew in the versions that the host has: one job, once for each round.
     *
     * @param input.packages that are kept, or were fetched
     * @returns where copies of their damaged files lie
     */
    async reinstallPackages(input: Piece & { host: string; packages: string[] }): Promise<string[]> {
      const world = await worlds.of(input.change.cluster);
      const { host, packages } = input;
      const folder = `/var/lib/pawl/aside/${asideId(input)}`;
      const args = [folder, fetchedIn(input), NOBODY_MISSES.join(' '), ...packages];
      const spec = { lane: 'packages', script: 'reinstall-packages', args, ifCut: 'runAgain' } as const;
      const says = `installing ${packages.join(', ')}`;
      await runJob(world, jobs, input, { ...spec, maxSeconds: REINSTALL_SECONDS }, says);
      return there(world.hosts.on(host), [folder], attempt(input.change).signal);
    },

    /** Starts what a source is about, a database say: one job for each unit, once for each round. */
    async startSource(input: Piece & { host: string; source: string }): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { source, change, host, step, round } = input;
      for (const unit of unitsOf(sourceNamed(world, source))) {
        const spec = { lane: `restore/${source}`, script: 'start-unit', args: [unit] } as const;
        const limits = { maxSeconds: START_SECONDS, ifCut: 'runAgain' } as const;
        const of = { change, host, step: `${step}: start`, round };
        await runJob(world, jobs, of, { ...spec, ...limits }, `starting ${unit}`);
      }
    },

    /**
     * Renames the folder of a release that lies on a host, so that it is unpacked anew: one job, once for each round.
     *
     * @returns its new name; of a package there is nothing to rename
     */
    async setAsideRelease(
      input: Piece & { service: PlannedService; host: PlannedHost; version: string },
    ): Promise<string[]> {
      const { service, host, version, change, step, round } = input;
      const { release, name: lane } = service;
      if (release.kind !== 'tarball') return [];
      const world = await worlds.of(change.cluster);
      const folder = `${release.releases}/${version}`;
      const id = asideId(input);
      const spec = { lane, script: 'set-aside', args: [id, folder], ifCut: 'runAgain' } as const;
      const of = { change, host: host.name, step: `${step}: set aside`, round };
      await runJob(world, jobs, of, { ...spec, maxSeconds: RENAME_SECONDS }, `setting ${folder} aside`);
      return there(world.hosts.on(host.name), [`${folder}.aside-${id}`], attempt(change).signal);
    },
  };
}

const fetchedIn = (input: Piece) => `/var/lib/pawl/fetched/${asideId(input)}`;

/** One run of a recovery sets everything aside under the same name; another round has another one. */
function asideId({ change, round }: Piece): string {
  const run = change.id.split('/').at(-1)!.slice(0, 8);
  return round === 0 ? run : `${run}-${round}`;
}

async function there(remote: RemoteHost, paths: string[], signal: AbortSignal): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const { code } = await remote.run('run-command', ['test', '-e', path], { signal });
      return code === 0 ? [path] : [];
    }),
  );
  return found.flat();
}
