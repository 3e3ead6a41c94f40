/** A backup brought back to a host: staged beside what is there, compared, and only then put in its place. */
import { cancellationSignal } from '@temporalio/activity';
import { isDatabase, type BackupEntry } from '../../contracts/backups';
import type { Progress, Restore, RestoreRun, Staged } from '../../contracts/backup-run';
import { RestoreInput } from '../../contracts/inputs/restore';
import type { Jobs, JobSpec } from '../../contracts/world';
import type { Swapped } from '../../adapters/backups/result';
import { parseSwapped } from '../../adapters/backups/result';
import { bytesOf, neededBytes, useText } from '../../domain/backups/restore';
import { badInput } from '../../domain/mistakes';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import { runJobFor } from '../job';
import { parsePlanInput } from '../plan/input';
import { plannedNotifications } from '../plan/notifications';
import type { Worlds } from '../world';
import { chosen, compared, logsOf, measuresOf } from './compare';
import { restorePlan, targetsOf, unitsOf } from './restore-plan';
import { clearAway, keepSecret, loginText, ordered, storePassword } from './secrets';
import type { Source } from './source';
import { sourceNamed } from './source';
import { openStore } from './store';
import { mustBeWell } from './well';

/** Seconds within which a restored database must answer, and units be at work. */
const ANSWERS_WITHIN = 300;

export interface RestoreOf extends Restore {
  change: ChangeRef;
  /** what it leaves on hosts goes by it: `restore.<runId>.1` */
  id: string;
  /** of a database in its place: what the server's own binary logs hold since the backup is replayed, too */
  ownLogs?: boolean;
}

interface Work extends RestoreOf {
  /** milliseconds after which it says how far it is */
  forMs: number;
  maxSeconds: number;
}

export function restoreActivities(worlds: Worlds, jobs: Jobs) {
  const opened = async ({ change, source, on }: RestoreOf) => {
    const world = await worlds.of(change.cluster);
    const named = sourceNamed(world, source);
    return { world, source: named, remote: world.hosts.on(on), now: attempt(change) };
  };
  return {
    /** Which backup comes back into a folder of its own; all mistakes at once end it as BadInput. Changes nothing. */
    async planRestore(raw: unknown): Promise<RestoreRun> {
      const input = parsePlanInput(RestoreInput, raw);
      const world = await worlds.read(input.cluster);
      const source = sourceNamed(world, input.source);
      const { folder, dryRun } = input;
      const place = folder === undefined ? 'scratch' : { folder };
      const { plan, mistakes } = await restorePlan(world, source, { ...input, place }, cancellationSignal());
      if (!plan || mistakes.length > 0) throw badInput(mistakes);
      const notifications = input.notify ? plannedNotifications(world.cluster, source.name) : undefined;
      const about = { cluster: world.cluster.cluster, file: input.cluster };
      return { ...plan, ...about, ...(notifications && { notifications }), dryRun };
    },

    /**
     * Brings the whole chain back beside its target, while what is there goes on working, and measures it: one job, whoever
     * asks again. Where it fails nothing was touched, and nothing of it is left.
     */
    async stageRestore(input: Work): Promise<Progress> {
      const { world, source, remote, now } = await opened(input);
      const { chain } = await chosen(world, source, input.backup, now.signal);
      const secret = `/run/pawl/backups/${input.id}/store`;
      // once for each boot of the host: the store opens its repository for that
      const known = await remote.run('run-command', ['test', '-s', secret], { signal: now.signal });
      if (known.code !== 0) {
        await openStore(world, source, { host: input.on, id: input.id }, now.signal);
        const text = storePassword(world, source);
        await keepSecret(remote, input.id, { name: 'store', text }, now.signal);
      }
      const of = { change: input.change, host: input.on, step: 'stageRestore', round: 1 };
      const spec = { ...stagingJob(source, chain, input), maxSeconds: input.maxSeconds };
      return runJobFor(input.forMs, world, jobs, of, spec, 'the restore');
    },

    /** What has come back, beside what the backup says of itself. Where something is `wrong` it is not to be used. */
    async judgeStaged(input: RestoreOf): Promise<Staged> {
      const { world, source, remote, now } = await opened(input);
      const choice = await chosen(world, source, input.backup, now.signal);
      const { restored, ...found } = await compared(remote, source, choice, input, now.signal);
      const { seconds, shape } = restored;
      const { place } = input;
      if (place !== 'inPlace') {
        const use = useText(choice.entry.content.kind, place.folder, shape);
        return { seconds, ...found, places: [place.folder], use };
      }
      const ran = await remote.run('read-staged', [input.id], { signal: now.signal });
      mustBeWell(remote, ran, 'what is staged cannot be found');
      return { seconds, ...found, places: ran.stdout.split('\n').filter(Boolean), use: '' };
    },

    /**
     * Stops what uses it, sets what is there aside, and puts what is staged in its place: one job, whoever asks again. A
     * database has answered when it has ended.
     */
    async swapIn(input: Work): Promise<Progress> {
      const { world, source, remote, now } = await opened(input);
      const { settings } = source;
      const login = loginText(world, source);
      if (login !== undefined) await keepSecret(remote, input.id, { name: 'login', text: login }, now.signal);
      const server = isDatabase(settings) ? [settings.kind, settings.socket] : ['-', '-'];
      const of = { change: input.change, host: input.on, step: 'swapIn', round: 1 };
      const { entry } = await chosen(world, source, input.backup, now.signal);
      const own = input.ownLogs ? ownLogsOf(entry) : NO_LOGS;
      const args = [input.id, String(ANSWERS_WITHIN), ...server, ...own, ...unitsOf(source)];
      const common = { lane: `restore/${source.name}`, ifCut: 'runAgain' } as const;
      const spec = { ...common, script: 'swap-in', args, maxSeconds: input.maxSeconds };
      return runJobFor(input.forMs, world, jobs, of, spec, 'the swap');
    },

    /** Where what was there lies now, and for how long it was away. */
    async swapped(input: RestoreOf): Promise<Swapped> {
      const { remote, now } = await opened(input);
      const ran = await remote.run('read-result', [`${input.id}.swap`], { signal: now.signal });
      mustBeWell(remote, ran, 'what came of the swap cannot be read');
      return parseSwapped(ran.stdout);
    },

    /** Secrets, results, and what was staged and not swapped in. What went aside stays, and so does a folder of its own. */
    async clearRestore(input: RestoreOf): Promise<void> {
      const { world, source, remote, now } = await opened(input);
      const { signal } = now;
      const { store, name, hosts } = source;
      const keeper = world.hosts.on(store.host);
      const left = `what ${input.id} has left cannot be cleared away`;
      const cleared = await remote.run('clear-restore', [input.id, ordered()], {
        signal,
        timeoutMs: CLEAR_MS,
      });
      mustBeWell(remote, cleared, left);
      await clearAway(keeper, input.id, signal);
      // whoever only restores it may not add to it for ever
      if (hosts.includes(input.on) || cleared.stdout.trim() !== '0') return;
      const closed = await keeper.run('close-source', [store.folder, name, input.on], { signal });
      mustBeWell(keeper, closed, `${input.on} may still read it`);
    },
  };
}

/** Milliseconds: what was staged may be many files. */
const CLEAR_MS = 600_000;

/** @param chain the full one first */
function stagingJob(
  source: Source,
  chain: readonly BackupEntry[],
  { id, place, until, asTheyAre = false }: RestoreOf,
): Omit<JobSpec, 'key' | 'fence' | 'maxSeconds'> {
  const entry = chain.at(-1)!;
  const { snapshot, content } = entry;
  const [bytes, needed] = [bytesOf(chain), neededBytes(chain)].map(String) as [string, string];
  const where = [source.name, id, place === 'inPlace' ? '-' : place.folder];
  const common = { lane: `backup/${id}`, ifCut: 'runAgain' } as const;
  const targets = targetsOf(entry);
  if (content.kind === 'folders') {
    const args = [...where, asTheyAre ? 'yes' : 'no', snapshot, ...targets];
    return { ...common, script: 'stage-folders', args };
  }
  if (content.kind === 'git') {
    const { bare = true, owner = '-', head = '-' } = content;
    const args = [...where, snapshot, bytes, needed, ...targets, bare ? 'yes' : 'no', owner, head];
    return { ...common, script: 'stage-git', args };
  }
  const method = content.physical ? 'physical' : 'logical';
  const { sums, queries } = measuresOf(source, entry);
  const snapshots = chain.map((one) => one.snapshot);
  const upTo = until === undefined ? '-' : sqlTime(until);
  const args = [
    ...[content.kind, ...where, method, bytes, needed, sums, ...logsOf(chain), upTo],
    ...[...snapshots, '--', ...queries],
  ];
  return { ...common, script: 'stage-database', args };
}

/** `2026-11-29T08:00:00.000Z` → `2026-11-29 08:00:00` */
const sqlTime = (iso: string) => iso.slice(0, 19).replace('T', ' ');

const NO_LOGS = ['-', '0', '-', 'UTC', '0'];

/** Where a backup ends in the binary logs of its server, and when. */
function ownLogsOf({ at, content }: BackupEntry): string[] {
  if (!isDatabase(content) || !content.binlog || !content.position) return NO_LOGS;
  const { position, binlog } = content;
  const since = Math.floor(Date.parse(at) / 1_000);
  return [position.file, String(position.at), binlog.mark, binlog.zone, String(since)];
}
