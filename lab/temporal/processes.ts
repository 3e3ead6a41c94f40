import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error';

const LOOK_MS = 20;
const KILLED_WITHIN_MS = 5_000;

/** A process, told apart from a later one that got the same number. */
export interface ProcessId {
  pid: number;
  /** clock ticks from boot to its start */
  startedAt: string;
  bootId: string;
}

/** @returns undefined when there is no such process, or only its corpse */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in brackets, and may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  if (!startedAt || state === 'Z' || state === 'X') return undefined;
  return { pid, startedAt, bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() };
}

export async function isAlive(process: ProcessId): Promise<boolean> {
  const now = await identify(process.pid);
  return now?.startedAt === process.startedAt && now.bootId === process.bootId;
}

/** Asks the process to end, then makes it. Does nothing when it is gone; throws when it will not go. */
export async function end(target: ProcessId, graceMs: number): Promise<void> {
  if (!(await endsBy('SIGTERM', target, graceMs))) await kill(target);
}

/** SIGKILL; resolves when the process is gone. */
export async function kill(target: ProcessId): Promise<void> {
  if (await endsBy('SIGKILL', target, KILLED_WITHIN_MS)) return;
  throw new LabError(`process ${target.pid} is still there after SIGKILL`);
}

async function endsBy(signal: NodeJS.Signals, target: ProcessId, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let sent = false; await isAlive(target); sent = true) {
    if (!sent) process.kill(target.pid, signal);
    if (performance.now() > until) return false;
    await sleep(LOOK_MS);
  }
  return true;
}
