/** What backups can bring back, and what keeps them from it. */
import { isDatabase, type BackupEntry } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import type { DisasterRecoveryInput } from '../../contracts/inputs/disaster-recovery';
import type { Looked } from '../../contracts/recovery';
import { candidates, type Wanted } from '../../domain/recovery/candidates';
import { levelOf } from '../../domain/recovery/limits';
import type { Restorable } from '../../domain/recovery/steps';
import type { Source } from '../backups/source';
import { sourceNamed } from '../backups/source';
import { readCatalogue } from '../backups/store';
import { collectMistakes } from '../backups/mistakes';
import { restorePlan, type WantedRestore } from '../backups/restore-plan';
import type { World } from '../world';

export interface Asked {
  source: Source;
  host: string;
  wanted: Wanted;
  /** where it stands in the input; undefined: a look found it damaged */
  path?: string;
}

export interface Found {
  one: Restorable;
  /** what keeps it from coming back */
  trouble: Mistake[];
}

/** Every source that a look found damaged, and that nobody has asked for. */
export async function restorableFound(
  world: World,
  { ownLogs }: Pick<DisasterRecoveryInput, 'ownLogs'>,
  looked: readonly Looked[],
  asked: readonly Restorable[],
  signal: AbortSignal,
): Promise<Restorable[]> {
  const damaged = looked
    .flatMap((one) => foundDamaged(world, one))
    .filter((one) => !asked.some(({ source, host }) => source === one.source.name && host === one.host));
  const names = namesIn(damaged.map(({ source }) => ({ source: source.name })));
  const found = await restorableOfAll(
    world,
    damaged,
    ownLogs,
    await cataloguesOf(world, names, signal),
    signal,
  );
  return found.map(({ one }) => one);
}

/** Each once. */
export const namesIn = (of: readonly { source: string }[]) => [...new Set(of.map(({ source }) => source))];

export function restorableOfAll(
  world: World,
  all: readonly Asked[],
  ownLogs: boolean,
  { entries }: Catalogues,
  signal: AbortSignal,
): Promise<Found[]> {
  return Promise.all(
    all.map((one) => {
      // whoever plans a restore says why it cannot be read
      const own = (entries[one.source.name] ?? []).filter(({ host }) => host === one.host);
      return restorableOf(world, { ...one, ownLogs }, own, signal);
    }),
  );
}

export interface Catalogues {
  /** of each source; undefined: its catalogue cannot be read */
  entries: Record<string, BackupEntry[] | undefined>;
  /** why not */
  unread: Mistake[];
}

export async function cataloguesOf(
  world: World,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Catalogues> {
  const looks = collectMistakes(signal);
  const all = names.map(async (name) => {
    const source = sourceNamed(world, name);
    const { host } = source.store;
    const read = await looks.of('backups.store.host', host, () => readCatalogue(world, source, signal));
    return [name, read?.entries] as const;
  });
  return { entries: Object.fromEntries(await Promise.all(all)), unread: looks.list };
}

function foundDamaged(world: World, { is, subject, host }: Looked): Asked[] {
  if (is !== 'damaged' || subject.kind !== 'source') return [];
  return [{ source: sourceNamed(world, subject.source), host, wanted: { until: Infinity } }];
}

async function restorableOf(
  world: World,
  { source, host, wanted, path, ownLogs }: Asked & Pick<DisasterRecoveryInput, 'ownLogs'>,
  entries: readonly BackupEntry[],
  signal: AbortSignal,
): Promise<Found> {
  const { name, settings } = source;
  const isNewest = 'until' in wanted && wanted.until === Infinity;
  const best = candidates(entries, wanted);
  const trouble = await troubleWith(world, source, host, best[0] ?? wanted, signal);
  const one: Restorable = {
    ...{ source: name, host, candidates: best },
    // who asks for a backup, or for a moment, wants nothing that came after it
    ...(ownLogs && isNewest && settings.kind === 'mariadb' && { ownLogs }),
    level: levelOf({ kind: 'source', source: name }, { [name]: settings }),
    startFirst: path === undefined && isDatabase(settings),
    trouble: trouble.map(troubleText),
    maxSeconds: Math.round(settings.maxHours * 3_600),
  };
  return { one, trouble };
}

const troubleText = ({ code, value, rule }: Mistake) =>
  code === 'nothing' || rule.startsWith(`${value}: `) ? rule : `${value} ${rule}`;

/** What keeps the best one from coming back to its place; or why there is none. */
async function troubleWith(
  world: World,
  source: Source,
  host: string,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Mistake[]> {
  const which: Pick<WantedRestore, 'pick' | 'at'> =
    'id' in wanted
      ? { pick: { id: wanted.id } }
      : { pick: 'newest', ...(wanted.until !== Infinity && { at: new Date(wanted.until).toISOString() }) };
  return (await restorePlan(world, source, { ...which, host, place: 'inPlace' }, signal)).mistakes;
}
