/** A backup restored where nobody else sees it, and compared with what it says of itself. */
import { cancellationSignal } from '@temporalio/activity';
import type { BackupEntry, Catalogue } from '../../contracts/backups';
import type { Drilled, PlannedDrill, Progress } from '../../contracts/backup-run';
import { PawlError } from '../../contracts/failures';
import { RestoreDrillInput } from '../../contracts/inputs/restore-drill';
import type { Jobs, JobSpec } from '../../contracts/world';
import { parseRestored } from '../../adapters/backups/result';
import { byId, chainIn } from '../../domain/backups/chains';
import { comparedText, wrongIn } from '../../domain/backups/drill';
import { physicalOf } from '../../domain/backups/parents';
import { badInput, parseInput, unknownName } from '../../domain/mistakes';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import { runJobFor } from '../job';
import { plannedNotifications } from '../plan/notifications';
import type { Worlds } from '../world';
import type { Source } from './store';
import { keepForAccount, mustBeWell, publish, readCatalogue, sourceNamed } from './store';

const MOST = 16 * 1024 * 1024;

/** A drill of one backup. */
export interface DrillOf {
  change: ChangeRef;
  source: string;
  /** of the backup */
  backup: string;
  /** of the drill: what it leaves on the store goes by it */
  id: string;
}

export function drillActivities(worlds: Worlds, jobs: Jobs) {
  const opened = async ({ change, source, backup }: DrillOf) => {
    const world = await worlds.of(change.cluster);
    const now = attempt(change);
    const named = sourceNamed(world, source);
    const { entries, proofs } = await readCatalogue(world, named, now.signal);
    const chain = chainIn(byId(entries), backup);
    if (typeof chain === 'string') throw new PawlError('Failed', `it cannot be restored: ${chain}`);
    return { world, source: named, chain, entry: chain.at(-1)!, before: proofs[backup], now };
  };
  return {
    /** Which backup is to be restored; all mistakes of the input end it as BadInput. Changes nothing. */
    async planDrill(raw: unknown): Promise<PlannedDrill> {
      const input = parseInput(RestoreDrillInput, raw);
      const world = await worlds.read(input.cluster);
      const source = sourceNamed(world, input.source);
      const { host } = input;
      if (host !== undefined && !source.hosts.includes(host))
        throw badInput([unknownName('host', host, source.hosts)]);
      const catalogue = await readCatalogue(world, source, cancellationSignal());
      const entry = picked(catalogue, input);
      const chain = chainIn(byId(catalogue.entries), entry.id);
      // of a drill that is begun, people are told so as of any that fails
      if (typeof chain === 'string' && input.dryRun) throw badInput([broken(entry.id, chain)]);
      const notifications = input.notify ? plannedNotifications(world.cluster, source.name) : undefined;
      return {
        ...{ cluster: world.cluster.cluster, file: input.cluster, source: source.name },
        ...{ host: entry.host, id: entry.id, at: entry.at },
        maxSeconds: Math.round(source.settings.maxHours * 3_600),
        ...(notifications && { notifications }),
        dryRun: input.dryRun,
      };
    },

    /** Restores it into a scratch place on the store: one job, whoever asks again. The place is gone when it has ended. */
    async drillBackup(input: DrillOf & { forMs: number; maxSeconds: number }): Promise<Progress> {
      const { world, source, chain, now } = await opened(input);
      await keepForAccount(world, source, input.id, now.signal);
      const of = { change: input.change, host: source.store.host, step: 'drillBackup', round: 1 };
      const spec = { ...jobOf(source, chain, input.id), maxSeconds: input.maxSeconds };
      return runJobFor(input.forMs, world, jobs, of, spec, 'the drill');
    },

    /** Compares what came back with what the backup says of itself; where nothing is otherwise, that is its proof. */
    async judgeDrill(input: DrillOf & { run: string }): Promise<Drilled> {
      const { world, source, entry, before, now } = await opened(input);
      const remote = world.hosts.on(source.store.host);
      const ran = await remote.run('read-result', [input.id], { signal: now.signal, maxOutputBytes: MOST });
      mustBeWell(remote, ran, 'what came of the drill cannot be read');
      const restored = parseRestored(ran.stdout);
      const queries = queriesOf(source);
      const wrong = wrongIn(entry.content, restored, queries, before);
      const { seconds } = restored;
      if (wrong.length === 0) {
        const at = new Date().toISOString();
        const proof = { format: 1, id: entry.id, at, seconds, run: input.run } as const;
        const tables = physicalOf(entry) && { tables: restored.tables };
        await publish(world, source, 'proofs', { ...proof, ...tables }, now.signal);
      }
      return { seconds, compared: comparedText(entry.content, restored, queries, before), wrong };
    },

    /** What a drill leaves on the store: a secret and its result. */
    async clearDrill(input: DrillOf): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const remote = world.hosts.on(sourceNamed(world, input.source).store.host);
      const { signal } = attempt(input.change);
      mustBeWell(remote, await remote.run('clear-backup', [input.id], { signal }), 'it cannot be cleared up');
    },
  };
}

const queriesOf = ({ settings }: Source) => (settings.kind === 'mariadb' ? settings.queries : []);

/** @throws BadInput where there is none to restore */
function picked(catalogue: Catalogue, { host, pick, source }: RestoreDrillInput): BackupEntry {
  const all = catalogue.entries.filter((entry) => host === undefined || entry.host === host);
  if (typeof pick === 'object') {
    const named = all.find(({ id }) => id === pick.id);
    if (named) return named;
    throw badInput([
      unknownName(
        'pick.id',
        pick.id,
        all.slice(-20).map(({ id }) => id),
      ),
    ]);
  }
  const provenAt = (of: string) =>
    Math.max(
      0,
      ...all
        .filter((entry) => entry.host === of)
        .map(({ id }) => Date.parse(catalogue.proofs[id]?.at ?? '') || 0),
    );
  const [longest] = [...new Set(all.map((entry) => entry.host))].sort(
    (one, other) => provenAt(one) - provenAt(other),
  );
  const candidates = all.filter((entry) => entry.host === longest);
  const found =
    pick === 'newest' ? candidates.at(-1) : candidates[Math.floor(Math.random() * candidates.length)];
  if (found) return found;
  const rule = `there is no backup of it${host === undefined ? '' : ` on ${host}`} yet`;
  throw badInput([{ code: 'nothing', path: 'source', value: source, rule }]);
}

const broken = (id: string, rule: string) => ({ code: 'brokenChain', path: 'pick', value: id, rule });

/** @param chain the full one first */
function jobOf(
  source: Source,
  chain: readonly BackupEntry[],
  id: string,
): Omit<JobSpec, 'key' | 'fence' | 'maxSeconds'> {
  const { folder, account } = source.store;
  const { snapshot, bytes, content } = chain.at(-1)!;
  const where = [folder, account, source.name, id];
  const args = [...where, snapshot, String(bytes)];
  const common = { lane: `backup/${id}`, ifCut: 'runAgain' } as const;
  if (content.kind === 'folders') return { ...common, script: 'drill-folders', args };
  if (content.kind === 'git') return { ...common, script: 'drill-git', args };
  const queries = queriesOf(source).map(({ sql }) => sql);
  if (content.physical) {
    const all = String(chain.reduce((sum, entry) => sum + entry.bytes, 0));
    const { settings } = source;
    const wanted = settings.kind === 'mariadb' && settings.checksums ? 'yes' : 'no';
    const snapshots = chain.map((entry) => entry.snapshot);
    return {
      ...common,
      script: 'drill-physical',
      args: [...where, all, wanted, ...snapshots, '--', ...queries],
    };
  }
  const sums = content.tables.some(({ checksum }) => checksum !== null) ? 'yes' : 'no';
  return { ...common, script: 'drill-mariadb', args: [...args, sums, ...queries] };
}
