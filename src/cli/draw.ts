import type { Row } from '../render/rows';
import type { Terminal } from './terminal';
import { cut, harmless, padded, width, wrapped } from './width';

type Colours = Terminal['colours'];
/** A narrower column is hard to read. */
const LEAST_COLUMN = 24;

type Paint = (text: string) => string;

/** The sign of a row carries its colour; the words stay calm. */
export function paintOfMark(mark: string, colours: Colours): Paint {
  switch (mark) {
    case '✔':
      return colours.green;
    case '✖':
    case '→':
      return colours.red;
    case '◐':
    case '↩':
    case '⏳':
      return colours.yellow;
    default:
      return colours.dim;
  }
}

function paintOfText(tone: Row['tone'], colours: Colours): Paint {
  if (tone === 'strong') return colours.bold;
  return tone === 'quiet' ? colours.dim : (text) => text;
}

/**
 * Rows as lines for a terminal: columns aligned, long sentences broken. Commands are never broken, so that
 * they can be copied.
 */
export function draw(rows: readonly Row[], terminal: Pick<Terminal, 'colours' | 'size'>): string[] {
  const { colours } = terminal;
  const { columns } = terminal.size();
  const widths = columnWidths(rows);
  return rows.flatMap((row, index) => {
    if (row.diff) return diffLines(row.text, colours);
    const indent = '  '.repeat(row.depth);
    const mark = row.mark && `${row.mark} `;
    const room = columns - width(indent + mark);
    const paint = paintOfText(row.tone, colours);
    const texts = row.cells
      ? tableLines(row.cells.map(harmless), widths[index] ?? [], room)
      : wrapped(harmless(row.text), room);
    const lines = texts.map((text, at) => {
      const before = at === 0 ? paintOfMark(row.mark, colours)(mark) : ' '.repeat(width(mark));
      return `${indent}${mark && before}${paint(text)}`;
    });
    return row.code ? withCode(lines, harmless(row.code), columns, colours, `${indent}  `) : lines;
  });
}

/** A unified diff, in the colours that people know; never broken, so that it can be copied. */
export function diffLines(text: string, { green, red }: Colours): string[] {
  const paint = (line: string) =>
    line.startsWith('+') ? green(line) : line.startsWith('-') ? red(line) : line;
  return text.split('\n').map((line) => paint(harmless(line)));
}

/** Behind the text where there is room, else on a line of its own. */
function withCode(
  lines: string[],
  code: string,
  columns: number,
  { cyan }: Colours,
  indent: string,
): string[] {
  const last = lines.pop() ?? '';
  if (last.trim() === '') return [...lines, `${last}${cyan(code)}`];
  if (width(last) + 1 + width(code) <= columns) return [...lines, `${last} ${cyan(code)}`];
  return [...lines, last, `${indent}${cyan(code)}`];
}

/** Columns stand below each other; a last one that does not fit goes on below its own beginning. */
function tableLines(cells: readonly string[], widths: readonly number[], room: number): string[] {
  const last = cells.at(-1) ?? '';
  const before = cells
    .slice(0, -1)
    .map((cell, index) => `${padded(cell, widths[index] ?? 0)}  `)
    .join('');
  const left = room - width(before);
  if (width(last) <= left) return [before + last];
  if (left < LEAST_COLUMN)
    return [cut(before.trimEnd(), room), ...wrapped(last, room - 2).map((line) => `  ${line}`)];
  return wrapped(last, left).map((line, index) => (index ? ' '.repeat(width(before)) : before) + line);
}

/** Rows with cells that follow each other are one table. Nothing stands behind its last column. */
function columnWidths(rows: readonly Row[]): number[][] {
  let table: number[] = [];
  return rows.map(({ cells }, index) => {
    if (!cells || !rows[index - 1]?.cells) table = [];
    cells?.forEach((cell, at) => (table[at] = Math.max(table[at] ?? 0, width(harmless(cell)))));
    return table;
  });
}
