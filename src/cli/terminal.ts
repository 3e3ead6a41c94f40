import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { languageOf, type Language } from './words/language';

/** What the commands write to: the process's own streams, or a test's. */
export interface Terminal {
  /** what was asked for: data, trees, tables */
  print(text: string): void;
  /** remarks and errors; never mixed with data */
  remark(text: string): void;
  colours: ReturnType<typeof pc.createColors>;
  /** of who typed */
  language: Language;
  /** a person looks at it, so it may be drawn in place */
  live: boolean;
  /** the present size; Infinity where nothing limits it */
  size(): { columns: number; rows: number };
}

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'> & { write(text: string): unknown };

/** Colours only where a person looks; NO_COLOR and FORCE_COLOR decide otherwise (no-color.org, force-color.org). */
export function processTerminal({
  stdout,
  stderr,
  env,
}: { stdout: Stream; stderr: Stream; env: NodeJS.ProcessEnv } = process): Terminal {
  const smart = env.TERM !== 'dumb';
  const live = stdout.isTTY === true && smart;
  const forced = env.FORCE_COLOR ? !['0', 'false'].includes(env.FORCE_COLOR) : undefined;
  const coloured = (stream: Stream) => !env.NO_COLOR && (forced ?? (stream.isTTY === true && smart));
  // remarks may go to a file while data goes to a person, and the other way round
  const plainRemarks = !coloured(stderr);
  return {
    print: (text) => void stdout.write(text),
    remark: (text) => void stderr.write(`${plainRemarks ? stripVTControlCharacters(text) : text}\n`),
    colours: pc.createColors(coloured(stdout)),
    language: languageOf(env),
    live,
    size: () => ({
      columns: live ? stdout.columns || 80 : Infinity,
      rows: live ? stdout.rows || 24 : Infinity,
    }),
  };
}
