import type { Terminal } from './terminal';

type Work<Args extends unknown[]> = (...args: Args) => Promise<number> | number;

/** What every command is given. */
export interface Cli {
  terminal: Terminal;
  /** Makes a command's work an action of commander's: what it returns becomes the exit code. */
  action: <Args extends unknown[]>(work: Work<Args>) => (...args: Args) => Promise<void>;
}
