import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { isConnectionTrouble } from './errors';
import { EXIT, exitCodeOf, waitsForPerson } from './exit-codes';
import { frame } from './frame';
import { look, type Look } from './runs';
import { Screen } from './screen';
import type { Temporal } from './temporal';
import type { Terminal } from './terminal';
import { width } from './width';

/** Four looks a second: as fast as an eye reads. Each one is an answer of the run's worker. */
const LOOK_MS = 250;
/** What goes to a file or a program is read later. */
const UNSEEN_LOOK_MS = 1_000;
/** A restarted Temporal server is back in seconds. */
const PATIENCE_MS = 120_000;

/**
 * Looks at a run again and again, its end included. Where Temporal goes away meanwhile, the last look is
 * given again until it is back or patience ends.
 */
export async function* looks(
  temporal: Temporal,
  id: string,
  signal: AbortSignal,
  everyMs = LOOK_MS,
): AsyncGenerator<Look> {
  let last: Look | undefined;
  let over: Promise<void> | undefined;
  for (let reached = Date.now(); !signal.aborted;) {
    try {
      const now = await orAborted(look(temporal, id), signal);
      // what the run said last says more than what the server knows
      last = now.kind === 'silent' && last ? { ...now, status: last.status } : now;
      reached = Date.now();
    } catch (error) {
      if (signal.aborted) return;
      if (!last || !isConnectionTrouble(error) || Date.now() - reached > PATIENCE_MS) throw error;
      last = { kind: 'silent', status: last.status, why: `Temporal at ${temporal.address} gives no answer` };
    }
    yield last;
    if (last.kind === 'ended') return;
    // whoever waits for a run, such as a pipeline, need not wait for the next look
    over ??= end(temporal, id);
    await Promise.race([sleep(everyMs, undefined, { signal }).catch(() => undefined), over]);
  }
}

/** Settles when the server says that the run is over, and never where it cannot be asked: looks go on then. */
function end({ client }: Temporal, id: string): Promise<void> {
  return new Promise((resolve) => {
    client.workflow
      .getHandle(id)
      .result()
      .then(
        () => resolve(),
        (error: unknown) => error instanceof WorkflowFailedError && resolve(),
      );
  });
}

export interface WatchOptions {
  json: boolean;
  /** false: leave as soon as a person is waited for */
  wait: boolean;
}

/**
 * Shows a run until it ends.
 *
 * @returns the exit code
 */
export async function watch(
  temporal: Temporal,
  id: string,
  terminal: Terminal,
  { json, wait }: WatchOptions,
): Promise<number> {
  const interrupt = new AbortController();
  const interrupted = () => interrupt.abort();
  process.once('SIGINT', interrupted);
  const everyMs = terminal.live && !json ? LOOK_MS : UNSEEN_LOOK_MS;
  const show = json
    ? asJson(terminal)
    : terminal.live
      ? inPlace(terminal, temporal.linkTo(id))
      : asBlocks(terminal);
  try {
    for await (const now of looks(temporal, id, interrupt.signal, everyMs)) {
      show.look(now);
      if (now.kind === 'ended') return endCode(now);
      if (!wait && now.kind === 'live' && waitsForPerson(now.status)) return EXIT.waits;
    }
  } finally {
    show.end();
    process.off('SIGINT', interrupted);
  }
  terminal.remark(`${id} goes on; \`pawl get ${id} --watch\` shows it again`);
  return EXIT.interrupted;
}

export function endCode({ status, mistakes }: Look & { kind: 'ended' }): number {
  return mistakes.length ? EXIT.badInput : exitCodeOf(status.phase);
}

/** What `--json` prints: the status, with the mistakes of an input that was refused. */
export function jsonOf(now: Look): string {
  const more =
    now.kind === 'silent'
      ? { silent: now.why }
      : now.kind === 'ended' && now.mistakes.length
        ? { mistakes: now.mistakes }
        : {};
  return JSON.stringify({ ...now.status, ...more });
}

interface Show {
  look(now: Look): void;
  end(): void;
}

/** One line for each change. */
function asJson(terminal: Terminal): Show {
  return onChange(jsonOf, (line) => terminal.print(`${line}\n`));
}

/** One tree for each change. */
function asBlocks(terminal: Terminal): Show {
  return onChange(
    (now) => frame(now, terminal).join('\n'),
    (block) => terminal.print(`${block}\n\n`),
  );
}

function onChange(text: (now: Look) => string, print: (text: string) => void): Show {
  let before: string | undefined;
  return {
    look(now) {
      const after = text(now);
      if (after !== before) print(after);
      before = after;
    },
    end: () => undefined,
  };
}

/** One tree, drawn over itself, with the time it has taken. */
function inPlace(terminal: Terminal, link: string | undefined): Show {
  const screen = new Screen(terminal);
  return {
    look(now) {
      screen.show([...frame(now, terminal), terminal.colours.dim(`  ${footer(now, terminal, link)}`)]);
    },
    end: () => screen.end(),
  };
}

function footer({ status }: Look, terminal: Terminal, link: string | undefined): string {
  const facts = [status.id, `${Math.round(status.progress * 100)}%`, took(status)].join(' · ');
  const linked = `${facts} · ${link}`;
  return link && width(linked) + 2 < terminal.size().columns ? linked : facts;
}

/** e.g. `1:07`, `2:03:20` */
export function took({ startedAt, endedAt }: Look['status']): string {
  const seconds = Math.max(
    0,
    Math.round(((endedAt ? Date.parse(endedAt) : Date.now()) - Date.parse(startedAt)) / 1_000),
  );
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index ? String(part).padStart(2, '0') : String(part))).join(':');
}

/** A call that is under way cannot be recalled; nobody waits for it any longer. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new Error('interrupted'));
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
