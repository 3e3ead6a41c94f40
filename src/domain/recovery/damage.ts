/** Whether what was measured is damage, and in words what it is. */
import type { Level, Ref } from '../../contracts/backups';
import type { Finding as DriftFinding } from '../../contracts/config-drift';
import type { Finding } from '../../contracts/examination';
import type { Looked } from '../../contracts/recovery';
import { count } from '../amounts';
import { BALANCER_DAMAGE, HOST_DAMAGE, IS_DAMAGE, MAY_MISS } from './limits';

export type Judged = Pick<Looked, 'is' | 'found' | 'out'>;

/** Names in one sentence. */
const MOST = 10;

/** Either what it should have, or in words why nobody can tell. */
export type Known<T> = { known: T } | { unknown: string };

const judged = (wrong: readonly string[], well: readonly string[]): Judged =>
  wrong.length > 0 ? { is: 'damaged', found: [...wrong] } : { is: 'well', found: [...well] };

const named = (names: readonly string[]) =>
  names.length <= MOST
    ? names.join(', ')
    : `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;

const are = (number: number, thing: string) => `${count(number, thing)} ${number === 1 ? 'is' : 'are'}`;
const number = (figure: number) => figure.toLocaleString('en-US');

/** What cannot be compared is no damage; what is damaged stays so. */
function asFarAsKnown(so: Judged, reference: Known<unknown>): Judged {
  if ('known' in reference || so.is === 'damaged') return so;
  return { is: 'unknown', found: [...so.found, reference.unknown] };
}

/**
 * @param findings of `doctor`, of the host
 * @param balancers the same, of balancers that run there
 */
export function judgeHost(findings: readonly Finding[], balancers: readonly Finding[] = []): Judged {
  const of = (damage: boolean) =>
    findings.flatMap(({ code, what }) => (HOST_DAMAGE.includes(code) === damage ? [what] : []));
  const silent = balancers.flatMap(({ code, where, what }) =>
    BALANCER_DAMAGE.includes(code) ? [`balancer ${where}: ${what}`] : [],
  );
  const well = 'answers by SSH, can be written to, and has space';
  return judged([...of(true), ...silent], [well, ...of(false)]);
}

export interface SeenPackages {
  files: { how: 'missing' | 'changed'; path: string; package: string }[];
  /** of all files, those that are not named, too */
  packages: string[];
  /** that are not named */
  more: number;
}

export function judgePackages({ files, packages, more }: SeenPackages): Judged & { packages: string[] } {
  const named = [...new Set(files.map((file) => file.package))].sort();
  const wrong = named.flatMap((name) =>
    (['missing', 'changed'] as const).flatMap((how) => {
      const own = files.filter((file) => file.package === name && file.how === how);
      return own.length > 0 ? [`files of ${name} ${how}: ${own.map(({ path }) => path).join(', ')}`] : [];
    }),
  );
  const rest = more > 0 ? [`and ${count(more, 'more file')}`] : [];
  return { ...judged([...wrong, ...rest], ['files of all packages are as they came']), packages };
}

export interface SeenTables {
  tables: string[];
  /** of which a row was read */
  reads: string[];
  /** files of the server that are not there */
  gone: string[];
  /** what CHECK TABLE said; `OK` where all is well */
  checks: { table: string; type: string; words: string }[];
  /** what the server said of what it could not read; '': of no table */
  faults: { table: string; words: string }[];
  /** the login may not read all tables, so nothing was read */
  blind: boolean;
  late: { reading: boolean; checking: boolean };
}

/** @param wanted names of the tables of the newest good backup; null: it does not name them, or there is none */
export function judgeTables(seen: SeenTables, wanted: Known<string[] | null>): Judged {
  const { tables, reads, gone, checks, faults, blind, late } = seen;
  if (blind) return asFarAsKnown(judged(filesText(gone), ['answers']), BLIND);
  const shall = 'known' in wanted ? (wanted.known ?? []) : [];
  const there = new Set(tables);
  const read = new Set(reads);
  const missing = shall.filter((name) => !there.has(name));
  const unread = tables.filter((name) => !read.has(name));
  const withFault = (name: string) => {
    const fault = faults.find(({ table }) => table === name);
    return fault ? `${name} (${fault.words})` : name;
  };
  const checked = new Set(checks.map(({ table }) => table));
  const wrong = [
    ...filesText(gone),
    ...(missing.length > 0
      ? [
          `${missing.length} of ${count(shall.length, 'table')} ${missing.length === 1 ? 'is' : 'are'} missing: ${named(missing)}`,
        ]
      : []),
    ...(unread.length > 0 && !(late.reading && faults.length === 0)
      ? [`${count(unread.length, 'table')} cannot be read: ${named(unread.map(withFault))}`]
      : []),
    ...checks.flatMap(({ table, type, words }) =>
      read.has(table) && isFault(type, words) ? [`${table}: ${words}`] : [],
    ),
  ];
  const well = [
    `answers; ${count(reads.length, 'table')} can be read`,
    ...(late.reading ? [`of ${tables.length}: there was no time for the others`] : []),
    ...(late.checking
      ? [`${checked.size} of ${tables.length} were checked: there was no time for more`]
      : []),
    ...('known' in wanted && wanted.known === null ? ['no backup names the tables that it should have'] : []),
  ];
  return asFarAsKnown(judged(wrong, well), wanted);
}

const BLIND = { unknown: 'the login may not read all tables; give it SELECT, as a dump needs it' };

const filesText = (gone: readonly string[]) => (gone.length > 0 ? [`not there: ${named(gone)}`] : []);

const isFault = (type: string, words: string) =>
  /^error$/i.test(type) || (type === 'status' && words !== 'OK');

export interface SeenFolders {
  folders: { path: string; is: 'absent' | 'other' | 'empty' | 'there' }[];
  /** kinds by path, of those that are there */
  kinds: ReadonlyMap<string, string>;
  /** what was said of each that cannot be read */
  cannot: string[];
}

/** What a backup of folders holds, or a part of it by chance. */
export interface Held {
  /** all of them */
  total: number;
  files: { path: string; kind: string }[];
}

/** @param held by the newest good backup; null: there is none */
export function judgeFolders(seen: SeenFolders, held: Known<Held | null>, level: Level): Judged {
  const { total, files } = ('known' in held && held.known) || { total: 0, files: [] };
  const limit = MAY_MISS[level];
  const asked = new Set(files.map(({ path }) => path));
  const missing = files.filter(({ path }) => !seen.kinds.has(path));
  const others = files.filter(({ path, kind }) => seen.kinds.has(path) && seen.kinds.get(path) !== kind);
  const folders = (is: string) => seen.folders.flatMap((one) => (one.is === is ? [one.path] : []));
  const of = files.length < total ? `${number(files.length)} of ${number(total)}` : number(total);
  const all = `${of} ${total === 1 ? 'file' : 'files'}`;
  const told = [
    ...(missing.length > 0
      ? [
          `${number(missing.length)} of ${all} ${missing.length === 1 ? 'is' : 'are'} missing: ${paths(missing)}`,
        ]
      : []),
    ...(others.length > 0 ? [`${are(others.length, 'file')} of another type: ${paths(others)}`] : []),
    ...(seen.cannot.length > 0
      ? [`${count(seen.cannot.length, 'file')} cannot be read: ${named(seen.cannot)}`]
      : []),
  ];
  const bad = missing.length + others.length + seen.cannot.length;
  const empty = limit.empty || total === 0 ? [] : folders('empty');
  const wrong = [
    ...folders('absent').map((path) => `${path} is not there`),
    ...folders('other').flatMap((path) => (asked.has(path) ? [] : [`${path} is no folder`])),
    ...empty.map((path) => `${path} is empty`),
    ...(bad > 0 && bad >= limit.below * files.length ? told : []),
  ];
  const nothing = 'known' in held && held.known === null;
  const well = nothing
    ? [`${are(seen.folders.length, 'folder')} there; there is no backup to compare with`]
    : told.length > 0
      ? told
      : [`${all} ${total === 1 ? 'is' : 'are'} there`];
  const reference = 'known' in held ? well : [`${are(seen.folders.length, 'folder')} there`];
  return asFarAsKnown(judged(wrong, reference), held);
}

const paths = (files: readonly { path: string }[]) => named(files.map(({ path }) => path));

export interface SeenGit {
  refs: number;
  faults: string[];
  /** names of refs that are not there, and nothing has their commit */
  lost: string[];
  /** that are not there; their commit is in another one */
  dropped: string[];
  /** seconds that were too few for git */
  late: number | null;
}

/** @param wanted refs of the newest good backup; null: there is none */
export function judgeGit(seen: SeenGit, wanted: Known<Ref[] | null>): Judged {
  const { refs, faults, lost, dropped, late } = seen;
  const wrong = [
    ...(faults.length > 0
      ? [`git says: ${faults.map((words) => words.replace(/^error: /, '')).join('; ')}`]
      : []),
    ...(lost.length > 0
      ? [`${are(lost.length, 'ref')} missing, and nothing has their commits: ${named(lost)}`]
      : []),
  ];
  const well = [
    late === null ? `git finds it whole; ${count(refs, 'ref')}` : `${count(refs, 'ref')}`,
    ...(dropped.length > 0 ? [`missing, and merged into others: ${named(dropped)}`] : []),
    ...('known' in wanted && wanted.known === null ? ['there is no backup to compare with'] : []),
  ];
  const so = judged(wrong, well);
  const gaveUp = { unknown: `git has not come through in ${late} s` };
  return asFarAsKnown(late === null ? so : asFarAsKnown(so, gaveUp), wanted);
}

export interface SeenService {
  unit: string;
  port: number;
  /** as systemd has it: `loaded` */
  load: string;
  /** `active` */
  active: string;
  listening: boolean;
  /** what is wrong by its own health check, in words */
  fault: string | undefined;
  /** what its release lacks, in words */
  release: string | undefined;
  version: string;
  /** why it is out of service on purpose, in words */
  out: string | undefined;
}

/** What stands still on purpose is not damaged; what it starts from must be there all the same. */
export function judgeService(seen: SeenService): Judged {
  const { unit, port, load, active, listening, fault, release, version, out } = seen;
  const lacks = [...(load === 'loaded' ? [] : [`there is no unit ${unit}`]), ...(release ? [release] : [])];
  const still = [
    ...(load !== 'loaded' || active === 'active' ? [] : [`${unit} is ${active}`]),
    ...(listening ? [] : [`nothing listens on port ${port}`]),
    ...(fault === undefined ? [] : [fault]),
  ];
  if (out !== undefined) return { ...judged(lacks, [out]), out: true };
  const runs = version ? `; version ${version}` : '';
  return judged([...lacks, ...still], [`${unit} is active, listens on port ${port} and is healthy${runs}`]);
}

/** @param label of the revision that it shall have */
export function judgeConfig(findings: readonly DriftFinding[], label: string): Judged {
  const words = ({ path, text }: DriftFinding) => (path === null ? text : `${path} ${text}`);
  const of = (damage: boolean) => findings.filter(({ kind }) => IS_DAMAGE[kind] === damage).map(words);
  const wrong = of(true);
  const shown =
    wrong.length <= 2 * MOST ? wrong : [...wrong.slice(0, 2 * MOST), `and ${wrong.length - 2 * MOST} more`];
  const whole = findings.length === 0 ? [`as revision ${label} has it`] : of(false);
  return judged(shown, whole);
}

export interface SeenExposure {
  /** paths that everybody may write */
  open: string[];
  /** files that run with the rights of their owner or group */
  setid: string[];
  /** private keys that others may read, and lists of keys that others may write */
  keys: string[];
  /** that listen to other hosts */
  ports: number[];
}

/** What of it is meant so, nobody can say: it is told, and is no damage. */
export function judgeExposure({ open, setid, keys, ports }: SeenExposure): Judged {
  const found = [
    ...open.map((path) => `everybody may write ${path}`),
    ...setid.map((path) => `${path} runs with its owner's rights`),
    ...keys.map((path) => `keys in ${path} are not only root's`),
    `listens on ${ports.length > 0 ? ports.join(', ') : 'no port'}`,
  ];
  return { is: 'well', found };
}
