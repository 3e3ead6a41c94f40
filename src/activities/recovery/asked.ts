/** What somebody wants a recovery to bring back, whatever is damaged. */
import type { BackupEntry } from '../../contracts/backups';
import type { Mistake } from '../../contracts/failures';
import type { DisasterRecoveryInput, Restore } from '../../contracts/inputs/disaster-recovery';
import { mistakeText } from '../../domain/mistakes';
import type { Restorable } from '../../domain/recovery/steps';
import { unknownBackup } from '../backups/mistakes';
import type { Source } from '../backups/source';
import { sourceNamed } from '../backups/source';
import type { World } from '../world';
import { cataloguesOf, namesIn, restorableOfAll, type Asked } from './restorable';

type InInput = Asked & { path: string };

/**
 * What somebody asks for, and where it stands. What cannot come back is a mistake of the input.
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
    one === null ? [] : askedFor(world, one, `restore.${index}`, catalogues.entries[one.source], mistakes),
  );
  for (const [index, one] of asked.entries()) {
    if (asked.findIndex((other) => isSame(one, other)) < index) mistakes.push(twice(one));
    if (hosts && !hosts.includes(one.host)) mistakes.push(elsewhere(one));
  }
  const found = await restorableOfAll(world, asked, ownLogs, catalogues, signal);
  const told = [
    ...catalogues.unread,
    ...found.flatMap(({ trouble }, index) => trouble.map((one) => inInput(one, asked[index]!.path))),
  ];
  // what is wrong with the store is so for each of its sources
  const texts = told.map((one) => mistakeText(one, ''));
  mistakes.push(...told.filter((_, index) => texts.indexOf(texts[index]!) === index));
  return found.map(({ one }) => one);
}

const isSame = (one: InInput, other: InInput) =>
  one.source.name === other.source.name && one.host === other.host;

/** @param entries of the source; undefined: nobody can tell, which is a mistake already */
function askedFor(
  world: World,
  { source: name, host, backup, at }: Restore,
  path: string,
  entries: readonly BackupEntry[] | undefined,
  mistakes: Mistake[],
): InInput[] {
  const source = sourceNamed(world, name);
  if (backup === undefined) {
    const wanted = { until: at === undefined ? Infinity : Date.parse(at) };
    const hosts = host === undefined ? source.hosts : [host];
    return hosts.map((one) => ({ source, host: one, wanted, path }));
  }
  if (!entries) return [];
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

const placed = ({ source, host, path }: InInput) => ({ path, value: `${source.name} on ${host}` });

const twice = (one: InInput): Mistake => ({
  ...{ code: 'twice', ...placed(one) },
  rule: 'each source comes back to a host once',
});

/** Nothing happens to a host that is not in the list. */
const elsewhere = (one: InInput): Mistake => ({
  ...{ code: 'otherHost', ...placed(one) },
  rule: `${one.host} is not among \`hosts\`: add it there, or say which host of the source is meant (\`host\`)`,
});

/** Where what a plan of a restore finds stands in this input. */
const FIELDS: Record<string, string> = { source: '.source', 'pick.id': '.backup', pick: '.backup' };

const inInput = (mistake: Mistake, path: string): Mistake => ({
  ...mistake,
  path: mistake.path.startsWith('backups.') ? mistake.path : `${path}${FIELDS[mistake.path] ?? ''}`,
});
