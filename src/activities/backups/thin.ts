/** Which backups need not be kept any longer, and that they go. */
import type { BackupEntry } from '../../contracts/backups';
import { PawlError } from '../../contracts/failures';
import type { Jobs } from '../../contracts/world';
import type { Snapshot } from '../../adapters/backups/snapshots';
import { parseSnapshots } from '../../adapters/backups/snapshots';
import { retentionOf } from '../../domain/backups/retention';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import { runJob } from '../job';
import type { World, Worlds } from '../world';
import { keepForAccount } from './secrets';
import type { Source } from './source';
import { sourceNamed } from './source';
import { readCatalogue } from './store';
import { mustBeWell } from './well';

/** Milliseconds beyond what a backup may take: what lies in the repository then and is no backup was never finished. */
const STRAY_AFTER = 24 * 3_600_000;
const MOST = 64 * 1024 * 1024;
const LIMIT_SECONDS = 6 * 3_600;

export interface ThinOf {
  change: ChangeRef;
  source: string;
  /** hosts of which there is a new backup: of the others nothing goes */
  hosts: string[];
  /** what the store keeps meanwhile goes by it */
  id: string;
}

export function thinActivities(worlds: Worlds, jobs: Jobs) {
  return {
    /**
     * Lets backups go that the cluster file does not want to be kept, after a new one was read back, and what was left of
     * backups that never came to their end.
     *
     * @returns ids of those that went
     */
    async thinBackups(input: ThinOf): Promise<{ went: string[] }> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const source = sourceNamed(world, input.source);
      const { entries } = await readCatalogue(world, source, signal);
      const goes = input.hosts.flatMap((host) => goesOf(source, entries, host));
      const snapshots = goes.map((id) => entries.find((entry) => entry.id === id)!.snapshot);
      const strays = await straysIn(world, source, entries, input.id, signal);
      if (snapshots.length + strays.length === 0) return { went: [] };
      const { folder, account, host } = source.store;
      const args = [folder, account, source.name, input.id, ...goes, '--', ...snapshots, ...strays];
      const of = { change: input.change, host, step: 'thinBackups', round: 1 };
      const lane = `backups/${source.name}`;
      const spec = {
        lane,
        script: 'thin-backups',
        args,
        maxSeconds: LIMIT_SECONDS,
        ifCut: 'runAgain',
      } as const;
      await runJob(world, jobs, of, spec, 'letting old backups go');
      return { went: goes };
    },
  };
}

function goesOf({ settings }: Source, entries: readonly BackupEntry[], host: string): string[] {
  const own = entries.filter((entry) => entry.host === host);
  return retentionOf({ entries: own, keep: settings.keep, now: Date.now() }).goes;
}

/** @returns names of what is in the repository, is no backup, and was not begun of late */
async function straysIn(
  world: World,
  source: Source,
  entries: readonly BackupEntry[],
  id: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { folder, account, host } = source.store;
  const remote = world.hosts.on(host);
  await keepForAccount(world, source, id, signal);
  const ran = await remote.run('list-snapshots', [folder, account, source.name, id], {
    ...{ signal, timeoutMs: 120_000, maxOutputBytes: MOST },
  });
  mustBeWell(remote, ran, 'its repository cannot be read');
  if (ran.truncated)
    throw new PawlError('CommandFailed', `${host}: its repository holds too much to be listed`);
  const known = new Set(entries.map((entry) => entry.id));
  const young = Date.now() - source.settings.maxHours * 3_600_000 - STRAY_AFTER;
  // what somebody else has put there is none of ours
  const isStray = ({ tag, at }: Snapshot) =>
    tag.startsWith(`${source.name}.`) && !known.has(tag) && at <= young;
  return parseSnapshots(ran.stdout)
    .filter(isStray)
    .map(({ name }) => name);
}
