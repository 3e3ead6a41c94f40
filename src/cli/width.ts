import { stripVTControlCharacters } from 'node:util';

const WIDE =
  /[\u{1100}-\u{115f}\u{231a}-\u{231b}\u{23e9}-\u{23f3}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const INVISIBLE = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text takes on a terminal; colour codes take none, Chinese characters two. */
export function width(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text))
    columns += INVISIBLE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** Cuts a text without colours to so many columns, with an ellipsis where something is lost. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (width(kept + character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Breaks a text without colours at spaces into lines of so many columns; a longer word keeps its own line. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (line && width(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Control and bidirectional characters from outside could move the cursor or reorder a line. */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
