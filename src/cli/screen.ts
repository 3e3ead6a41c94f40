import type { Terminal } from './terminal';
import { width } from './width';

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
/** Terminals that know it show a frame as a whole, others pass over it. */
const FRAME = { begin: `${ESCAPE}?2026h`, end: `${ESCAPE}?2026l` };
const CLEAR_LINE = `${ESCAPE}K`;
const CLEAR_BELOW = `${ESCAPE}J`;

/** Draws frames over each other at the place where the first one began. What was drawn last stays. */
export class Screen {
  private drawn: string[] = [];
  private columns = 0;
  private readonly showCursor = () => this.terminal.print(SHOW_CURSOR);

  constructor(private readonly terminal: Terminal) {
    process.once('exit', this.showCursor);
    terminal.print(HIDE_CURSOR);
  }

  /** A frame that is too tall loses its last lines: the cursor cannot go back to what has scrolled away. */
  show(lines: readonly string[]): void {
    const { columns, rows } = this.terminal.size();
    const frame = fitting(lines, columns, rows - 1);
    if (columns === this.columns && frame.join('\n') === this.drawn.join('\n')) return;
    const back = this.drawn.reduce((sum, line) => sum + height(line, columns), 0);
    const up = back ? `${ESCAPE}${back}A\r` : '';
    const body = frame.map((line) => `${line}${CLEAR_LINE}\n`).join('');
    this.terminal.print(`${FRAME.begin}${up}${body}${CLEAR_BELOW}${FRAME.end}`);
    this.drawn = frame;
    this.columns = columns;
  }

  end(): void {
    process.off('exit', this.showCursor);
    this.showCursor();
  }
}

/** Lines on the terminal, which breaks long ones. */
const height = (line: string, columns: number) => Math.max(1, Math.ceil(width(line) / columns));

function fitting(lines: readonly string[], columns: number, rows: number): string[] {
  let left = rows;
  const frame: string[] = [];
  for (const line of lines) {
    left -= height(line, columns);
    if (left < 0) break;
    frame.push(line);
  }
  return frame;
}
