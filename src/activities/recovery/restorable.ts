/** What backups can bring back. */
import type { BackupEntry } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import type { DisasterRecoveryInput, Restore } from '../../contracts/inputs/disaster-recovery';
import type { Looked } from '../../contracts/recovery';
import { mistakeText } from '../../domain/mistakes';
import { candidates, type Wanted } from '../../domain/recovery/candidates';
import { levelOf } from '../../domain/recovery/limits';
import type { Restorable } from '../../domain/recovery/steps';
import { unknownBackup } from '../backups/mistakes';
import { restorePlan, type WantedRestore } from '../backups/restore-plan';
import type { Source } from '../backups/store';
import { readCatalogue, sourceNamed } from '../backups/store';
import type { World } from '../world';
import { known } from './look';

interface Asked {
  source: Source;
  host: string;
  wanted: Wanted;
  /** where it stands in the input; undefined: a look found it damaged */
  path?: string;
}

/**
 * What somebody asks for. What cannot come back is a mistake of the input.
 *
 * @param wanted as the input has them; null: it is known to be wrong
 */
export async function restorableAsked(
  world: World,
  { ownLogs, hosts }: Pick<DisasterRecoveryInput, 'ownLogs' | 'hosts'>,
  wanted: readonly (Restore | null)[],
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<Restorable[]> {
  const catalogues = await cataloguesOf(world, namesIn(wanted.filter((one) => one !== null)), signal);
  const asked = wanted.flatMap((one, index) =>
    one === null ? [] : askedFor(world, one, `restore.${index}`, catalogues[one.source]!, mistakes),
  );
  for (const [index, one] of asked.entries()) {
    if (asked.findIndex((other) => isSame(one, other)) < index) mistakes.push(twice(one));
    if (hosts && !hosts.includes(one.host)) mistakes.push(elsewhere(one));
  }
  return restorableOfAll(world, asked, ownLogs, catalogues, signal, mistakes);
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
  return restorableOfAll(world, damaged, ownLogs, await cataloguesOf(world, names, signal), signal);
}

const namesIn = (of: readonly { source: string }[]) => [...new Set(of.map(({ source }) => source))];

const isSame = (one: Asked, other: Asked) => one.source.name === other.source.name && one.host === other.host;

function restorableOfAll(
  world: World,
  all: readonly Asked[],
  ownLogs: boolean,
  catalogues: Record<string, BackupEntry[]>,
  signal: AbortSignal,
  mistakes: Mistake[] = [],
): Promise<Restorable[]> {
  return Promise.all(
    all.map((one) => {
      const own = catalogues[one.source.name]!.filter(({ host }) => host === one.host);
      return restorableOf(world, { ...one, ownLogs }, own, signal, mistakes);
    }),
  );
}

/** One that cannot be read is empty here; whoever plans a restore from it says why. */
async function cataloguesOf(
  world: World,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, BackupEntry[]>> {
  const read = names.map(async (name) => {
    const read = () => readCatalogue(world, sourceNamed(world, name), signal);
    const found = await known(read, signal, name);
    return [name, 'known' in found ? found.known.entries : []] as const;
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
  if (!entry) mistakes.push(unknownBackup(`${path}.backup`, backup, own));
  else if (!source.hosts.includes(entry.host)) mistakes.push(gone(source, entry, path));
  else return [{ source, host: entry.host, wanted: { id: backup }, path }];
  return [];
}

/** Its backups can be restored to other hosts, and nowhere in their place. */
function gone({ name, hosts }: Source, { id, host }: BackupEntry, path: string): Mistake {
  const rule = `it is of ${host}, and ${name} is of ${hosts.join(', ')}: \`pawl backups restore … --on HOST\` brings it to a folder`;
  return { code: 'otherHost', path: `${path}.backup`, value: id, rule };
}

function foundDamaged(world: World, { is, subject, host }: Looked): Asked[] {
  if (is !== 'damaged' || subject.kind !== 'source') return [];
  return [{ source: sourceNamed(world, subject.source), host, wanted: { until: Infinity } }];
}

const placed = ({ source, host, path = '' }: Asked) => ({ path, value: `${source.name} on ${host}` });

const twice = (one: Asked): Mistake => ({
  ...{ code: 'twice', ...placed(one) },
  rule: 'each source comes back to a host once',
});

/** Nothing happens to a host that is not in the list. */
const elsewhere = (one: Asked): Mistake => ({
  ...{ code: 'otherHost', ...placed(one) },
  rule: `${one.host} is not among \`hosts\`: add it there, or say which host of the source is meant (\`host\`)`,
});

/** Where what a plan of a restore finds stands in this input. */
const FIELDS: Record<string, string> = { source: '.source', 'pick.id': '.backup', pick: '.backup' };

const inInput = (mistake: Mistake, path: string): Mistake => ({
  ...mistake,
  path: mistake.path.startsWith('backups.') ? mistake.path : `${path}${FIELDS[mistake.path] ?? ''}`,
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
  const trouble = await troubleWith(world, source, host, best[0] ?? wanted, signal);
  if (path !== undefined)
    for (const mistake of trouble.map((one) => inInput(one, path)))
      // what is wrong with the store is so for each of its sources
      if (!mistakes.some((one) => mistakeText(one, '') === mistakeText(mistake, ''))) mistakes.push(mistake);
  return {
    ...{ source: name, host, candidates: best },
    // who asks for a backup, or for a moment, wants nothing that came after it
    ...(ownLogs && isNewest && settings.kind === 'mariadb' && { ownLogs }),
    level: levelOf({ kind: 'source', source: name }, { [name]: settings }),
    startFirst: path === undefined && settings.kind === 'mariadb',
    trouble: trouble.map(troubleText),
    maxSeconds: Math.round(settings.maxHours * 3_600),
  };
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
