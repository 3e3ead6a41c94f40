/** What the store knows of backups, for people. */
import { cancellationSignal } from '@temporalio/activity';
import type { BackupEntry, Catalogue } from '../../contracts/backups';
import type { BackupsLook, Listed, Serving, SourceLook } from '../../contracts/backup-run';
import { PawlError } from '../../contracts/failures';
import { BackupsInput } from '../../contracts/inputs/backups';
import { holdsText } from '../../domain/backups/words';
import { chainOf, servesAt } from '../../domain/backups/catalogue';
import { newestFirst } from '../../domain/backups/chains';
import { overdue } from '../../domain/backups/overdue';
import { parsePlanInput } from '../plan/input';
import { plannedNotifications } from '../plan/notifications';
import type { World, Worlds } from '../world';
import type { Source } from './source';
import { sourceNamed, sourceNames } from './source';
import { readCatalogue } from './store';

/** Of one source: a history holds them all. */
const MOST_LISTED = 500;

export function lookActivities(worlds: Worlds) {
  return {
    /** What there is, what is missing, and which backups bring a moment back. Changes nothing. */
    async lookAtBackups(raw: unknown): Promise<BackupsLook> {
      const input = parsePlanInput(BackupsInput, raw);
      const world = await worlds.read(input.cluster);
      const names = input.source === undefined ? sourceNames(world) : [input.source];
      const sources = names.map((name) => sourceNamed(world, name));
      const signal = cancellationSignal();
      return {
        cluster: world.cluster.cluster,
        file: input.cluster,
        sources: await Promise.all(sources.map((source) => lookAt(world, source, input, signal))),
      };
    },
  };
}

async function lookAt(
  world: World,
  source: Source,
  { at, dryRun }: BackupsInput,
  signal: AbortSignal,
): Promise<SourceLook> {
  const notifications = dryRun ? undefined : plannedNotifications(world.cluster, source.name);
  const about = { source: source.name, ...(notifications && { notifications }) };
  const read = await readCatalogue(world, source, signal).catch((error: unknown) => {
    if (signal.aborted || !(error instanceof PawlError)) throw error;
    return error.message;
  });
  if (typeof read === 'string') {
    const text = `nobody can tell which backups of ${source.name} there are: ${read}`;
    return { ...about, entries: [], more: 0, unread: read, findings: [{ key: 'unread', text }] };
  }
  const entries = newestFirst(read.entries);
  const limits = { ...source.settings, hosts: source.hosts };
  return {
    ...about,
    entries: entries.slice(0, MOST_LISTED).map((entry) => listed(entry, read)),
    more: Math.max(0, entries.length - MOST_LISTED),
    findings: overdue(read, limits, Date.now()).map(({ key, text }) => ({ key, text })),
    ...(at !== undefined && { serving: source.hosts.map((host) => servingOf(host, read.entries, at)) }),
  };
}

function listed({ content, ...entry }: BackupEntry, { proofs }: Catalogue): Listed {
  const { id, host, kind, parent, at, seconds, bytes, stored, snapshot, run } = entry;
  const { [id]: proof } = proofs;
  return {
    ...{ id, host, kind, parent, at, seconds, bytes, stored, snapshot, run },
    holds: holdsText(content),
    proof: proof ? { at: proof.at, seconds: proof.seconds } : null,
  };
}

function servingOf(host: string, entries: readonly BackupEntry[], at: string): Serving {
  const own = entries.filter((entry) => entry.host === host);
  const { entry, until, notTaken } = servesAt(own, Date.parse(at));
  const chain = entry ? chainOf(own, entry.id) : [];
  const ids = typeof chain === 'string' ? [] : chain.map(({ id }) => id);
  return {
    host,
    chain: ids,
    at: until ?? entry?.at ?? null,
    ...(until !== undefined && { until }),
    notTaken,
  };
}
