/** One backup of one host: taken there, read back on the store, and only then in the catalogue. */
import { cancellationSignal } from '@temporalio/activity';
import { isDatabase, type BackupEntry, type Catalogue, type Content } from '../../contracts/backups';
import type { Parent, PlannedBackup, Progress } from '../../contracts/backup-run';
import { PawlError } from '../../contracts/failures';
import type { Jobs, JobSpec } from '../../contracts/world';
import type { Taken } from '../../adapters/backups/result';
import { parseResult } from '../../adapters/backups/result';
import { binlogOf, isUncounted, leftBehind, physicalOf } from '../../domain/backups/parents';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import { runJobFor } from '../job';
import type { World, Worlds } from '../world';
import { planBackup } from './plan';
import { clearAway, keepForAccount, keepSecret, loginText, storePassword } from './secrets';
import type { Source } from './source';
import { sourceNamed } from './source';
import { openStore, publish, readCatalogue } from './store';
import { mustBeWell } from './well';

/** Bytes of what a host keeps of a backup: a line or two for each table. */
const MOST = 16 * 1024 * 1024;

/** A backup of one host. */
export interface BackupOf {
  change: ChangeRef;
  source: string;
  host: string;
  /** `shop-data.db1.20261129T020000123Z` */
  id: string;
}

interface Work extends BackupOf {
  /** milliseconds after which it says how far it is */
  forMs: number;
  maxSeconds: number;
  /** that are expected */
  bytes: number;
  /** what it builds on; null: nothing */
  parent: Parent | null;
}

/** How a stream is called in its snapshot, and what its end looks like; '-': its sender alone can tell. */
const STREAMS = {
  git: { file: '/all.bundle', end: '-' },
  logical: { file: '/dump.sql', end: '^-- Dump completed' },
  physical: { file: '/backup.mbstream', end: '-' },
  logs: { file: '/binlogs.tar', end: '-' },
};

export function backupActivities(worlds: Worlds, jobs: Jobs) {
  const opened = async ({ change, source }: BackupOf) => {
    const world = await worlds.of(change.cluster);
    return { world, source: sourceNamed(world, source), now: attempt(change) };
  };
  return {
    /** The plan of a backup; all mistakes of the input end it as BadInput. Changes nothing. */
    planBackup: (raw: unknown): Promise<PlannedBackup> =>
      planBackup(raw, (file) => worlds.read(file), cancellationSignal()),

    /** The store has a place for it, and its host can add to that. */
    async openStore(input: BackupOf): Promise<void> {
      const { world, source, now } = await opened(input);
      await openStore(world, source, input, now.signal);
    },

    /** Brings it to the store: one job, whoever asks again. Nobody counts it as a backup yet. */
    async takeBackup(input: Work): Promise<Progress> {
      const { world, source, now } = await opened(input);
      const remote = world.hosts.on(input.host);
      const login = loginText(world, source);
      const text = storePassword(world, source);
      await keepSecret(remote, input.id, { name: 'store', text }, now.signal);
      if (login !== undefined) await keepSecret(remote, input.id, { name: 'login', text: login }, now.signal);
      const of = { change: input.change, host: input.host, step: 'takeBackup', round: 1 };
      return runJobFor(input.forMs, world, jobs, of, takingJob(source, input), 'the backup');
    },

    /** Reads all of it back on the store: the bytes that were sent, to their end. */
    async readBack(input: Work): Promise<Progress> {
      const { world, source, now } = await opened(input);
      const { snapshot, sha256 } = await takenOn(world, input, now.signal);
      const { folder, account, host } = source.store;
      await keepForAccount(world, source, input.id, now.signal);
      const stream = streamOf(source, input);
      const sent = sha256 === null || !stream ? [] : [sha256, stream.file, stream.end];
      const args = [folder, account, source.name, input.id, snapshot, ...sent];
      const of = { change: input.change, host, step: 'readBack', round: 1 };
      const spec = { ...jobSpec(input), script: 'read-back', args };
      return runJobFor(input.forMs, world, jobs, of, spec, 'reading it back');
    },

    /** From here on it is a backup. */
    async publishBackup(
      input: BackupOf & Pick<BackupEntry, 'kind' | 'parent'> & { begunAt: string; run: string },
    ): Promise<Pick<BackupEntry, 'bytes' | 'stored' | 'at'> & { tables: number | null }> {
      const { world, source, now } = await opened(input);
      const taken = await takenOn(world, input, now.signal);
      const { id, host, kind, parent, begunAt, run } = input;
      const { at, bytes, stored, snapshot, sha256 } = taken;
      const seconds = Math.round((Date.now() - Date.parse(begunAt)) / 1_000);
      const content = contentOf(source, taken);
      if (parent !== null) mustFollow(await readCatalogue(world, source, now.signal), parent, taken);
      const entry: BackupEntry = {
        ...{ format: 1, id, source: source.name, host, kind, parent, at, seconds },
        ...{ bytes, stored, snapshot, sha256, content, run },
      };
      await publish(world, source, 'catalogue', entry, now.signal);
      return { bytes, stored, at, tables: tablesIn(content) };
    },

    /** What a backup, or an attempt at one, has on hosts: its job, secrets and its result. */
    async clearBackup(input: BackupOf): Promise<void> {
      const { world, source, now } = await opened(input);
      for (const name of new Set([input.host, source.store.host])) {
        await clearAway(world.hosts.on(name), input.id, now.signal);
      }
    },
  };
}

/** Each backup has a lane of its own: two that overlap are two backups. */
const jobSpec = ({ id, maxSeconds }: Work): Pick<JobSpec, 'lane' | 'maxSeconds' | 'ifCut'> => ({
  lane: `backup/${id}`,
  maxSeconds,
  ifCut: 'runAgain',
});

function takingJob({ name, settings }: Source, work: Work): Omit<JobSpec, 'key' | 'fence'> {
  const { id, bytes } = work;
  const common = [name, id];
  if (settings.kind === 'folders') {
    const { folders, exclude } = settings;
    const args = [...common, String(bytes), ...folders, '--', ...exclude];
    return { ...jobSpec(work), script: 'backup-folders', args };
  }
  if (settings.kind === 'git') {
    const args = [...common, settings.repository, String(bytes)];
    return { ...jobSpec(work), script: 'backup-git', args };
  }
  const { kind, socket, checksums, method } = settings;
  if (method === 'physical') {
    const args = [...common, socket, String(bytes), work.parent?.toLsn ?? '-'];
    return { ...jobSpec(work), script: 'backup-physical', args };
  }
  const { log } = work.parent ?? {};
  if (log) {
    const args = [...common, socket, String(bytes), log.file, String(log.at), log.mark];
    return { ...jobSpec(work), script: 'backup-binlogs', args };
  }
  const args = [...common, kind, socket, String(bytes), checksums ? 'yes' : 'no'];
  return { ...jobSpec(work), script: 'backup-dump', args };
}

async function takenOn(world: World, { host, id }: BackupOf, signal: AbortSignal): Promise<Taken> {
  const remote = world.hosts.on(host);
  const ran = await remote.run('read-result', [id], { signal, maxOutputBytes: MOST });
  mustBeWell(remote, ran, `what came of ${id} cannot be read`);
  if (ran.truncated) throw new PawlError('CommandFailed', `${host}: ${id} has too many tables to be listed`);
  return parseResult(ran.stdout);
}

function contentOf({ settings }: Source, { files, refs, repository, database }: Taken): Content {
  if (settings.kind === 'folders') return { kind: 'folders', folders: settings.folders, files };
  if (settings.kind === 'git') return { kind: 'git', repository: settings.repository, ...repository, refs };
  return { kind: settings.kind, ...database };
}

function streamOf({ settings }: Source, { parent }: Work) {
  if (isDatabase(settings)) return STREAMS[parent?.log ? 'logs' : settings.method];
  return settings.kind === 'git' ? STREAMS.git : undefined;
}

const tablesIn = (content: Content) =>
  isDatabase(content) && !isUncounted({ content }) ? content.tables.length : null;

/** Between the plan and now, what it builds on may have gone, and the server may have become another one. */
function mustFollow({ entries }: Catalogue, id: string, { database }: Taken): void {
  const parent = entries.find((entry) => entry.id === id);
  const why = !parent ? 'it is not in the catalogue any more' : otherwise(parent, database);
  if (why !== null) throw new PawlError('Failed', `what was copied does not follow on ${id}: ${why}`);
}

function otherwise(parent: BackupEntry, { server, physical, binlog }: Taken['database']): string | null {
  if (physical) {
    const { lastLsn: lsn, birth } = physical;
    if (physical.fromLsn !== physicalOf(parent)?.toLsn) return 'the copy begins elsewhere';
    return leftBehind(parent, { server, lsn, birth });
  }
  const position = isDatabase(parent.content) ? parent.content.position : null;
  const from = binlog?.from;
  if (!from || from.file !== position?.file || from.at !== position.at) return 'the logs begin elsewhere';
  // what its log begins with was looked at by the one who has read it
  const logs = { [from.file]: binlogOf(parent)?.mark ?? '' };
  return leftBehind(parent, { server, birth: binlog.birth, logs });
}
