/** Whether a restored backup is what it says. */
import {
  isDatabase,
  type Database,
  type Content,
  type Proof,
  type Ref,
  type Table,
} from '../../contracts/backups';
import { count } from '../amounts';
import { isUncounted } from './parents';
import { holdsText, tablesText } from './words';

/** Differences in one report. */
const MOST = 20;

export interface Query {
  name: string;
  equals?: string;
  atLeast?: number;
}

/** What came out of the scratch place. */
export interface Restored {
  files: number;
  tables: readonly Table[];
  /** what its dump alone held, where logs were replayed on it */
  dumped?: readonly Table[];
  refs: readonly Ref[];
  /** in the order of the queries */
  answers: readonly string[];
  /** tables that the server itself has looked through */
  checked: number;
  /** what the server found wrong, in words */
  faults: readonly string[];
}

type Tables = Pick<Extract<Content, { kind: Database }>, 'tables' | 'uncovered'>;

/**
 * @param before its last proof: what a backup held that does not say so itself
 * @returns what is otherwise, in words; none: it is proven
 */
export function wrongIn(
  content: Content,
  restored: Restored,
  queries: readonly Query[],
  before?: Proof,
): string[] {
  return atMost(differences(content, restored, queries, before));
}

/** @returns what is otherwise in what a dump alone has brought, in words */
export function wrongInDump(dump: Content, found: readonly Table[]): string[] {
  return isDatabase(dump) ? atMost(wrongTables(dump, found)) : [];
}

const atMost = (wrong: string[]) =>
  wrong.length <= MOST ? wrong : [...wrong.slice(0, MOST), `and ${wrong.length - MOST} more`];

function differences(
  content: Content,
  restored: Restored,
  queries: readonly Query[],
  before?: Proof,
): string[] {
  if (content.kind === 'folders') return wrongFiles(content.files, restored.files);
  if (content.kind === 'git') return wrongRefs(content.refs, restored.refs);
  return [
    ...restored.faults,
    ...wrongTables(saidOf(content, before), restored.tables),
    ...wrongAnswers(queries, restored.answers),
  ];
}

function wrongRefs(said: readonly Ref[], found: readonly Ref[]): string[] {
  const by = new Map(found.map(({ name, commit }) => [name, commit]));
  const known = new Set(said.map(({ name }) => name));
  return [
    ...said.flatMap(({ name, commit }): string[] => {
      const is = by.get(name);
      if (is === undefined) return [`${name} did not come back`];
      return is === commit ? [] : [`${name} is at ${is}, and was at ${commit}`];
    }),
    ...found.flatMap(({ name }) => (known.has(name) ? [] : [`${name} came back, and was not backed up`])),
  ];
}

/**
 * @param restored and found to be well
 * @param until ISO time up to which its logs were replayed; absent: to their end
 */
export function comparedText(
  content: Content,
  restored: Restored,
  queries: readonly Query[],
  before?: Proof,
  until?: string,
): string {
  if (content.kind === 'folders') return `${holdsText(content)}, each byte of them`;
  if (content.kind === 'git')
    return `git fsck found nothing wrong; ${holdsText(content)}, each at its commit`;
  const asked =
    queries.length > 0 ? `, ${queries.length === 1 ? '1 query' : `${queries.length} queries`}` : '';
  if (!isUncounted({ content })) return `${summedText(content.tables)}${asked}`;
  const what = content.physical ? 'a copy of files does not say' : 'binary logs do not say';
  const sums = before?.tables ? `equal to what the drill of ${before.at} found` : notedText(what);
  if (content.binlog?.from) {
    const dump = `its dump as it was, ${summedText(restored.dumped ?? [])}`;
    if (until !== undefined)
      return `${dump}; binary logs replayed up to ${until}, before which nothing is lost: ${tablesText(restored.tables)}${asked}`;
    return `${dump}; binary logs replayed to their end: ${summedText(restored.tables)}, ${sums}${asked}`;
  }
  return (
    `the server started on its files without an error, CHECK TABLE … EXTENDED found no fault in ` +
    `${count(restored.checked, 'table')}; ${summedText(restored.tables)}, ${sums}${asked}`
  );
}

const notedText = (what: string) => `noted for later drills to compare, since ${what} what they hold`;

const summedText = (tables: readonly Table[]) =>
  `${tablesText(tables)}, ${tables.filter(({ checksum }) => checksum !== null).length} by checksum`;

/** What is known of its tables; undefined: nothing yet. */
function saidOf(content: Extract<Content, { kind: Database }>, before?: Proof): Tables | undefined {
  if (!isUncounted({ content })) return content;
  return before?.tables && { tables: before.tables, uncovered: [] };
}

const wrongFiles = (there: number, found: number) =>
  there === found ? [] : [`${found} files came back, and ${there} were backed up`];

/** A table that no transaction covers was written to while it was read: its rows say nothing. */
function wrongTables(said: Tables | undefined, found: readonly Table[]): string[] {
  if (!said) return [];
  const { tables, uncovered } = said;
  const by = new Map(found.map((table) => [table.name, table]));
  const missing = tables.flatMap(({ name }) => (by.has(name) ? [] : [`${name} did not come back`]));
  const more = found.flatMap(({ name }) =>
    tables.some((table) => table.name === name) ? [] : [`${name} came back, and was not backed up`],
  );
  const others = tables.flatMap((table): string[] => {
    const is = by.get(table.name);
    if (!is || uncovered.includes(table.name)) return [];
    if (is.rows !== table.rows) return [`${table.name} has ${is.rows} rows, and had ${table.rows}`];
    const summed = table.checksum !== null && is.checksum !== null;
    return summed && is.checksum !== table.checksum ? [`${table.name} has other rows than it had`] : [];
  });
  return [...missing, ...more, ...others];
}

function wrongAnswers(queries: readonly Query[], answers: readonly string[]): string[] {
  return queries.flatMap(({ name, equals, atLeast }, index): string[] => {
    const answer = answers[index];
    if (answer === undefined) return [`query ${name} gave nothing`];
    if (equals !== undefined && answer !== equals)
      return [`query ${name} gives ${answer} instead of ${equals}`];
    // not a number is none that is enough
    if (atLeast !== undefined && !(Number(answer) >= atLeast))
      return [`query ${name} gives ${answer}, and must give at least ${atLeast}`];
    return [];
  });
}
