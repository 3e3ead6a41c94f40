/** What HAProxy prints, as rows by column name. A line that does not fit its header is no row: the answer is refused. */
import { PawlError } from '../../../contracts/failures';

export type Row = Record<string, string>;

/** `Name: value` lines of `show info`. */
export function readInfo(text: string): Row {
  const lines = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  return Object.fromEntries(lines.flatMap((parts) => (parts ? [[parts[1]!, parts[2]!]] : [])));
}

/** The CSV of `show stat`. */
export function readCsv(text: string): Row[] {
  const [header, ...lines] = text.split('\n');
  if (!header?.startsWith('# ')) throw unreadable('statistics', header);
  return rows('statistics', splitCsv(header.slice(2)) ?? [], lines, splitCsv);
}

/** The words of `show servers state`, format 1: older columns keep their places, newer ones are added. */
export function readServersState(text: string): Row[] {
  const [version, header, ...lines] = text.split('\n');
  if (version !== '1' || !header?.startsWith('# ')) throw unreadable('server states', version);
  const words = (line: string) => line.split(' ');
  return rows('server states', words(header.slice(2)), lines, words);
}

function rows(
  what: string,
  names: string[],
  lines: string[],
  split: (line: string) => string[] | undefined,
): Row[] {
  return lines.map((line) => {
    const values = split(line);
    if (values?.length !== names.length) throw unreadable(what, line);
    const row: Row = {};
    names.forEach((name, column) => (row[name] = values[column]!));
    return row;
  });
}

/** @returns undefined when a quote is left open */
function splitCsv(line: string): string[] | undefined {
  // a thousand servers have a hundred thousand values, and hardly ever a quote
  if (!line.includes('"')) return line.split(',');
  const field = /"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)/y;
  const values: string[] = [];
  for (;;) {
    const match = field.exec(line);
    if (!match) return undefined;
    values.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (field.lastIndex === line.length) return values;
    field.lastIndex += 1;
  }
}

/** @returns the value of a column that this version of HAProxy must have */
export function column(row: Row, name: string): string {
  const value = Object.hasOwn(row, name) ? row[name] : undefined;
  if (value === undefined) throw new PawlError('BalancerRefused', `this HAProxy shows no "${name}"`);
  return value;
}

/** @throws BalancerUnavailable when the column holds no whole number: never a guess */
export function numberIn(row: Row, name: string): number {
  const value = column(row, name);
  if (!/^\d{1,15}$/.test(value)) throw unreadable(name, value);
  return Number(value);
}

/** Such an answer was cut or mixed up: the next one may be whole. */
function unreadable(what: string, line = ''): PawlError {
  return new PawlError(
    'BalancerUnavailable',
    `HAProxy's ${what} cannot be read at ${JSON.stringify(line.slice(0, 80))}`,
  );
}
