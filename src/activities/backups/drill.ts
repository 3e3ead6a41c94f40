/** A backup restored where nobody else sees it, and compared with what it says of itself. */
import { cancellationSignal } from '@temporalio/activity';
import type { BackupEntry, Catalogue } from '../../contracts/backups';
import type { Drilled, PlannedDrill, Progress } from '../../contracts/backup-run';
import type { Mistake } from '../../contracts/failures';
import { RestoreDrillInput } from '../../contracts/inputs/restore-drill';
import type { Jobs, JobSpec } from '../../contracts/world';
import { byId, chainIn } from '../../domain/backups/chains';
import { isUncounted } from '../../domain/backups/parents';
import { bytesOf, neededBytes } from '../../domain/backups/restore';
import { badInput, unknownName } from '../../domain/mistakes';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import { runJobFor } from '../job';
import { parsePlanInput } from '../plan/input';
import { plannedNotifications } from '../plan/notifications';
import type { Worlds } from '../world';
import { chosen, compared, logsOf, measuresOf } from './compare';
import { clearAway, keepForAccount } from './secrets';
import type { Source } from './source';
import { sourceNamed } from './source';
import { publish, readCatalogue } from './store';
import { unknownBackup } from './mistakes';

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
    return { world, source: named, chosen: await chosen(world, named, backup, now.signal), now };
  };
  return {
    /** Which backup is to be restored; all mistakes of the input end it as BadInput. Changes nothing. */
    async planDrill(raw: unknown): Promise<PlannedDrill> {
      const input = parsePlanInput(RestoreDrillInput, raw);
      const world = await worlds.read(input.cluster);
      const source = sourceNamed(world, input.source);
      const catalogue = await readCatalogue(world, source, cancellationSignal());
      const { entry, mistakes } = picked(catalogue, source, input);
      if (!entry) throw badInput(mistakes);
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
      const { world, source, now, ...of } = await opened(input);
      await keepForAccount(world, source, input.id, now.signal);
      const job = { change: input.change, host: source.store.host, step: 'drillBackup', round: 1 };
      const spec = { ...jobOf(source, of.chosen.chain, input.id), maxSeconds: input.maxSeconds };
      return runJobFor(input.forMs, world, jobs, job, spec, 'the drill');
    },

    /** Compares what came back with what the backup says of itself; where nothing is otherwise, that is its proof. */
    async judgeDrill(input: DrillOf & { run: string }): Promise<Drilled> {
      const { world, source, now, ...of } = await opened(input);
      const { entry } = of.chosen;
      const remote = world.hosts.on(source.store.host);
      const { restored, ...found } = await compared(remote, source, of.chosen, { id: input.id }, now.signal);
      const { seconds } = restored;
      if (found.wrong.length === 0) {
        const at = new Date().toISOString();
        const proof = { format: 1, id: entry.id, at, seconds, run: input.run } as const;
        const tables = isUncounted(entry) && { tables: restored.tables };
        await publish(world, source, 'proofs', { ...proof, ...tables }, now.signal);
      }
      return { seconds, ...found };
    },

    /** What a drill has on the store: its job, a secret and its result. */
    async clearDrill(input: DrillOf): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const remote = world.hosts.on(sourceNamed(world, input.source).store.host);
      const { signal } = attempt(input.change);
      await clearAway(remote, input.id, signal);
    },
  };
}

/** Mistakes where there is none to restore. */
function picked(
  { entries, proofs }: Catalogue,
  { name, hosts }: Source,
  { host, pick }: RestoreDrillInput,
): { entry?: BackupEntry; mistakes: Mistake[] } {
  const stranger = host !== undefined && !hosts.includes(host);
  const mistakes = stranger ? [unknownName('host', host, hosts)] : [];
  const all = entries.filter((entry) => stranger || host === undefined || entry.host === host);
  if (typeof pick === 'object') {
    const named = all.find(({ id }) => id === pick.id);
    if (!named) mistakes.push(unknownBackup('pick.id', pick.id, all));
    return mistakes.length > 0 ? { mistakes } : { entry: named, mistakes };
  }
  if (stranger) return { mistakes };
  const provenAt = (of: string) =>
    Math.max(
      0,
      ...all.filter((entry) => entry.host === of).map(({ id }) => Date.parse(proofs[id]?.at ?? '') || 0),
    );
  const [longest] = [...new Set(all.map((entry) => entry.host))].sort(
    (one, other) => provenAt(one) - provenAt(other),
  );
  const candidates = all.filter((entry) => entry.host === longest);
  const entry =
    pick === 'newest' ? candidates.at(-1) : candidates[Math.floor(Math.random() * candidates.length)];
  if (entry) return { entry, mistakes };
  const rule = `there is no backup of ${host === undefined ? 'it' : `it on ${host}`} yet`;
  return { mistakes: [{ code: 'nothing', path: 'source', value: name, rule }] };
}

const broken = (id: string, rule: string) => ({ code: 'brokenChain', path: 'pick', value: id, rule });

/** @param chain the full one first */
function jobOf(
  source: Source,
  chain: readonly BackupEntry[],
  id: string,
): Omit<JobSpec, 'key' | 'fence' | 'maxSeconds'> {
  const { folder, account } = source.store;
  const entry = chain.at(-1)!;
  const { snapshot, content } = entry;
  const where = [folder, account, source.name, id];
  const [bytes, needed] = [bytesOf(chain), neededBytes(chain)].map(String) as [string, string];
  const common = { lane: `backup/${id}`, ifCut: 'runAgain' } as const;
  if (content.kind === 'folders')
    return { ...common, script: 'drill-folders', args: [...where, snapshot, needed] };
  if (content.kind === 'git')
    return { ...common, script: 'drill-git', args: [...where, snapshot, bytes, needed] };
  const { sums, queries } = measuresOf(source, entry);
  const snapshots = chain.map((one) => one.snapshot);
  const what = [...snapshots, '--', ...queries];
  if (content.physical)
    return { ...common, script: 'drill-physical', args: [...where, bytes, needed, sums, ...what] };
  return {
    ...common,
    script: 'drill-dump',
    args: [content.kind, ...where, bytes, needed, sums, ...logsOf(chain), ...what],
  };
}
