import pc from 'picocolors';
import type { Terminal } from '../../src/cli/terminal';

/** A terminal that remembers what was printed. */
export class Recorder implements Terminal {
  out = '';
  err = '';
  readonly colours = pc.createColors(false);
  language: 'en' | 'zh' = 'en';

  constructor(private readonly screen?: { columns: number; rows: number }) {}

  get live(): boolean {
    return this.screen !== undefined;
  }

  print(text: string): void {
    this.out += text;
  }

  remark(text: string): void {
    this.err += `${text}\n`;
  }

  size() {
    return this.screen ?? { columns: Infinity, rows: Infinity };
  }
}

/** What stands on a terminal of that size after all that was printed; what scrolled away is gone. */
export function seen(printed: string, { columns, rows }: { columns: number; rows: number }): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  const down = () => {
    [row, column] = [row + 1, 0];
    if (row === lines.length) lines.push('');
    if (row === rows) row -= lines.splice(0, 1).length;
  };
  // eslint-disable-next-line no-control-regex
  for (const [token, count] of printed.matchAll(/\u001b\[\??(\d*)[A-Za-z]|[^]/gu)) {
    if (token === '\n') down();
    else if (token === '\r') column = 0;
    else if (token.endsWith('A') && token.length > 1) row = Math.max(0, row - Number(count));
    else if (token === '\u001b[K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (token === '\u001b[J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column));
    else if (token.length === 1 || !token.startsWith('\u001b')) {
      if (column === columns) down();
      lines[row] = (lines[row] ?? '').slice(0, column) + token + (lines[row] ?? '').slice(column + 1);
      column += 1;
    }
  }
  return lines.map((line) => line.trimEnd());
}
