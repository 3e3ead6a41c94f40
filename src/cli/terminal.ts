import pc from 'picocolors';

/** What the commands write to: the process's own streams, or a test's. */
export interface Terminal {
  /** what was asked for: data, trees, tables */
  print(text: string): void;
  /** remarks and errors; never mixed with data */
  remark(text: string): void;
  colours: ReturnType<typeof pc.createColors>;
  /** a person looks at it, so it may be drawn in place */
  live: boolean;
  /** the present size; Infinity where nothing limits it */
  size(): { columns: number; rows: number };
}

/** Colours only where a person looks; NO_COLOR and FORCE_COLOR decide otherwise (no-color.org). */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const live = stdout.isTTY === true && env.TERM !== 'dumb';
  return {
    print: (text) => void stdout.write(text),
    remark: (text) => void stderr.write(`${text}\n`),
    colours: pc.createColors(!env.NO_COLOR && (live || !!env.FORCE_COLOR)),
    live,
    size: () => ({
      columns: live ? stdout.columns || 80 : Infinity,
      rows: live ? stdout.rows || 24 : Infinity,
    }),
  };
}
