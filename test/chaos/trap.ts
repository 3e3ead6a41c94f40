/** Where a fault strikes: written down by the test, sprung once by the worker that gets there. */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Activities } from '../../src/activities';

/** `before`: the activity was taken, its body has not begun. `after`: the body is over, nobody knows yet. */
export type When = 'before' | 'during' | 'after';

export interface Trap {
  /** of the case; a trap of another name counts from the beginning */
  id: string;
  activity: keyof Activities;
  /** the activity's host, or the first of its hosts; undefined: any */
  host?: string;
  /** 1: the first activity of this kind in the run. Attempts of one activity count once. */
  nth: number;
  when: When;
  /** milliseconds from the beginning of the body, for `during` */
  delayMs: number;
  /** what the worker does: die, freeze, or tell the test and (but for `during`) wait for it */
  act: 'kill' | 'stop' | 'tell';
}

/** What the worker leaves in the folder as it springs the trap. */
export interface Sprung {
  /** milliseconds of the clock */
  at: number;
  pid: number;
  /** the run that it belongs to: the change's own, its lease's, a child's */
  workflowId: string;
  activityId: string;
  /** the body was over before `delayMs`: what was to come during it came after it */
  late: boolean;
}

/** A worker that waits for the test goes on alone after this time, milliseconds. */
const PATIENCE = 60_000;
const LOOK = 5;

const files = (folder: string) => ({
  trap: join(folder, 'trap.json'),
  sprung: join(folder, 'sprung.json'),
  go: join(folder, 'go'),
});

export function setTrap(folder: string, trap: Trap): void {
  const { trap: file, sprung, go } = files(folder);
  mkdirSync(folder, { recursive: true });
  for (const old of [file, sprung, go]) rmSync(old, { force: true });
  writeFileSync(`${file}.new`, JSON.stringify(trap));
  renameSync(`${file}.new`, file);
}

export function clearTrap(folder: string): void {
  rmSync(files(folder).trap, { force: true });
}

/** Waits until a worker has sprung the trap. */
export async function untilSprung(folder: string, withinMs: number): Promise<Sprung> {
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(LOOK)) {
    const sprung = readSprung(folder);
    if (sprung) return sprung;
  }
  throw new Error(`no activity came to the trap within ${withinMs} ms: ${read(files(folder).trap)}`);
}

/** Lets the worker go on that has told. */
export function letGo(folder: string): void {
  writeFileSync(files(folder).go, '');
}

function readTrap(folder: string): Trap | undefined {
  const text = read(files(folder).trap);
  return text === undefined ? undefined : (JSON.parse(text) as Trap);
}

function readSprung(folder: string): Sprung | undefined {
  const text = read(files(folder).sprung);
  // written in one piece, but a reader may come before it
  return text?.endsWith('}') ? (JSON.parse(text) as Sprung) : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Springs the trap that lies in the folder, in the worker's own process. */
export function trapInterceptor(folder: string): (context: Context) => ActivityInterceptors {
  const seen: string[] = [];
  let current = '';
  const isIt = ({ id, activity, host, nth }: Trap, { info }: Context, input: unknown) => {
    if (info.activityType !== activity || (host !== undefined && hostOf(input) !== host)) return false;
    if (current !== id) seen.splice(0);
    current = id;
    if (!seen.includes(info.activityId)) seen.push(info.activityId);
    return seen.indexOf(info.activityId) === nth - 1;
  };
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const trap = readTrap(folder);
        if (!trap || !isIt(trap, context, input.args[0])) return next(input);
        if (trap.when === 'before') await spring(folder, trap, context, false);
        const timer =
          trap.when === 'during' && setTimeout(() => void spring(folder, trap, context, false), trap.delayMs);
        try {
          return await next(input);
        } finally {
          if (timer) clearTimeout(timer);
          if (trap.when !== 'before') await spring(folder, trap, context, trap.when === 'during');
        }
      },
    },
  });
}

type HostOf = string | { name: string };

function hostOf(input: unknown): string | undefined {
  const { host, hosts } = input as { host?: HostOf; hosts?: HostOf[] };
  const one = host ?? hosts?.[0];
  return typeof one === 'string' ? one : one?.name;
}

async function spring(
  folder: string,
  { id, act, when }: Trap,
  { info }: Context,
  late: boolean,
): Promise<void> {
  const { sprung, go } = files(folder);
  // an activity of an earlier case may end only now
  if (readTrap(folder)?.id !== id) return;
  const note: Sprung = {
    at: Date.now(),
    pid: process.pid,
    workflowId: info.workflowExecution?.workflowId ?? '',
    activityId: info.activityId,
    late,
  };
  try {
    writeFileSync(sprung, JSON.stringify(note), { flag: 'wx' });
  } catch {
    return; // it was sprung before
  }
  if (act === 'kill') process.kill(process.pid, 'SIGKILL');
  if (act === 'stop') process.kill(process.pid, 'SIGSTOP');
  if (act !== 'tell' || when === 'during') return;
  for (const end = Date.now() + PATIENCE; !existsSync(go) && Date.now() < end;) await delay(LOOK);
}
