/** Rows below each other, column by column. */
import Table from 'cli-table3';

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((place) => [place, '']),
);

/** @returns lines; colours and wide letters count as they are drawn */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const drawn = new Table({
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  drawn.push(...rows.map((cells) => [...cells]));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
