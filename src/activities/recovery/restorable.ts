/** What backups can bring back. */
import type { BackupEntry } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import type { DisasterRecoveryInput, Restore } from '../../contracts/inputs/disaster-recovery';
import type { Candidate, Looked } from '../../contracts/recovery';
import { unknownName } from '../../domain/mistakes';
import { candidates, type Wanted } from '../../domain/recovery/candidates';
import { levelOf } from '../../domain/recovery/limits';
import type { Restorable } from '../../domain/recovery/steps';
import { restorePlan } from '../backups/restore-plan';
import type { Source } from '../backups/source';
import { sourceNamed } from '../backups/source';
import { readCatalogue } from '../backups/store';
import type { World } from '../world';

interface Asked {
  source: Source;
  host: string;
  wanted: Wanted;
  /** where it stands in the input; undefined: a look found it damaged */
  path?: string;
}

/** Ids that a mistake names. */
const MOST_SHOWN = 20;

/**
 * Of every source that a look found damaged, and of those that somebody asks for. What is asked for and cannot come back is
 * a mistake of the input.
 */
export async function restorable(
  world: World,
  { restore, ownLogs }: Pick<DisasterRecoveryInput, 'restore' | 'ownLogs'>,
  looked: readonly Looked[],
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Restorable[]> {
  const damaged = looked.flatMap((one) => foundDamaged(world, one));
  const names = [...restore.map(({ source }) => source), ...damaged.map(({ source }) => source.name)];
  const catalogues = await cataloguesOf(world, [...new Set(names)], signal);
  const asked = restore.flatMap((one, index) =>
    askedFor(world, one, `restore.${index}`, catalogues[one.source]!, mistakes),
  );
  const same = (one: Asked) => (other: Asked) =>
    one.source.name === other.source.name && one.host === other.host;
  for (const [index, one] of asked.entries())
    if (asked.findIndex(same(one)) < index) mistakes.push(twice(one));
  const all = [...asked, ...damaged.filter((one) => !asked.some(same(one)))];
  return Promise.all(
    all.map((one) => {
      const own = catalogues[one.source.name]!.filter(({ host }) => host === one.host);
      return restorableOf(world, { ...one, ownLogs }, own, signal, mistakes);
    }),
  );
}

async function cataloguesOf(
  world: World,
  names: string[],
  signal: AbortSignal,
): Promise<Record<string, BackupEntry[]>> {
  const read = names.map(async (name) => {
    const { entries } = await readCatalogue(world, sourceNamed(world, name), signal);
    return [name, entries] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

/** @param entries of the source */
function askedFor(
  world: World,
  { source: name, host, backup, at }: Restore,
  path: string,
  entries: readonly BackupEntry[],
  mistakes: Mistake[],
): Asked[] {
  const source = sourceNamed(world, name);
  if (backup === undefined) {
    const wanted = { until: at === undefined ? Infinity : Date.parse(at) };
    const hosts = host === undefined ? source.hosts : [host];
    return hosts.map((one) => ({ source, host: one, wanted, path }));
  }
  const own = entries.filter((entry) => host === undefined || entry.host === host);
  const entry = own.find(({ id }) => id === backup);
  if (entry) return [{ source, host: entry.host, wanted: { id: backup }, path }];
  const ids = own.slice(-MOST_SHOWN).map(({ id }) => id);
  mistakes.push(unknownName(`${path}.backup`, backup, ids));
  return [];
}

function foundDamaged(world: World, { is, subject, host }: Looked): Asked[] {
  if (is !== 'damaged' || subject.kind !== 'source') return [];
  return [{ source: sourceNamed(world, subject.source), host, wanted: { until: Infinity } }];
}

const twice = ({ source, host, path = '' }: Asked): Mistake => ({
  ...{ code: 'twice', path, value: `${source.name} on ${host}` },
  rule: 'each source comes back to a host once',
});

async function restorableOf(
  world: World,
  { source, host, wanted, path, ownLogs }: Asked & Pick<DisasterRecoveryInput, 'ownLogs'>,
  entries: readonly BackupEntry[],
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Restorable> {
  const { name, settings } = source;
  const isNewest = 'until' in wanted && wanted.until === Infinity;
  const best = candidates(entries, wanted);
  const trouble = await troubleWith(world, source, host, best, signal);
  if (path !== undefined)
    mistakes.push(...trouble.map((mistake) => ({ ...mistake, path: `${path}.${mistake.path}` })));
  return {
    ...{ source: name, host, candidates: best },
    // who asks for a backup, or for a moment, wants nothing that came after it
    ...(ownLogs && isNewest && settings.kind === 'mariadb' && { ownLogs }),
    level: levelOf({ kind: 'source', source: name }, { [name]: settings }),
    startFirst: path === undefined && settings.kind === 'mariadb',
    trouble: trouble.map(({ code, value, rule }) => (code === 'nothing' ? rule : `${value} ${rule}`)),
    maxSeconds: Math.round(settings.maxHours * 3_600),
  };
}

/** What keeps the best one from coming back to its place. */
async function troubleWith(
  world: World,
  source: Source,
  host: string,
  [best]: Candidate[],
  signal: AbortSignal,
): Promise<Mistake[]> {
  if (best) {
    const wanted = { host, pick: { id: best.id }, place: 'inPlace' } as const;
    return (await restorePlan(world, source, wanted, signal)).mistakes;
  }
  const rule = `no backup of it on ${host} can be restored; \`pawl backups list\` and \`explain\` say what there is`;
  return [{ code: 'nothing', path: 'source', value: source.name, rule }];
}
