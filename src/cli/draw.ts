import type { Row } from '../render/rows';
import type { Terminal } from './terminal';
import { cut, harmless, padded, width, wrapped } from './width';

type Colours = Terminal['colours'];
type Paint = (text: string) => string;

/** The sign of a row carries its colour; the words stay calm. */
function paintOfMark(mark: string, colours: Colours): Paint {
  switch (mark) {
    case '✔':
      return colours.green;
    case '✖':
    case '→':
      return colours.red;
    case '◐':
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
 * Rows as lines for a terminal: columns aligned, long sentences broken, tables cut at the edge. Commands
 * are never broken, so that they can be copied.
 */
export function draw(rows: readonly Row[], { colours, size }: Pick<Terminal, 'colours' | 'size'>): string[] {
  const { columns } = size();
  const widths = columnWidths(rows);
  return rows.flatMap((row, index) => {
    const indent = '  '.repeat(row.depth);
    const mark = row.mark && `${row.mark} `;
    const room = columns - width(indent + mark);
    const paint = paintOfText(row.tone, colours);
    const texts = row.cells
      ? [cut(aligned(row.cells, widths[index] ?? []), room)]
      : wrapped(harmless(row.text), room);
    const lines = texts.map((text, at) => {
      const before = at === 0 ? paintOfMark(row.mark, colours)(mark) : ' '.repeat(width(mark));
      return `${indent}${mark && before}${paint(text)}`;
    });
    return row.code ? withCode(lines, harmless(row.code), columns, colours, `${indent}  `) : lines;
  });
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
  if (width(last) + 1 + width(code) <= columns) return [...lines, `${last} ${cyan(code)}`];
  return [...lines, last, `${indent}${cyan(code)}`];
}

function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => padded(harmless(cell), widths[index] ?? 0))
    .join('  ')
    .trimEnd();
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
