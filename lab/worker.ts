/** The worker in the background, where it outlives the command that started it. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './error';
import { root, stateDir } from './paths';
import type { ProcessId } from './temporal/processes';
import { end, identify, isAlive, kill } from './temporal/processes';

const READY_WITHIN_MS = 60_000;
/** The worker itself waits 20 s for its activities to hand over. */
const STOP_GRACE_MS = 25_000;

interface WorkerRecord {
  process: ProcessId;
  /** newest file of the build that it runs, milliseconds */
  build: number;
  address: string;
}

export interface WorkerFiles {
  record: string;
  log: string;
}

const files = (name: string): WorkerFiles => ({
  record: join(stateDir, 'workers', `${name}.json`),
  log: join(stateDir, 'workers', `${name}.log`),
});

/**
 * Starts a worker unless one of this name runs the present build already; resolves when it polls.
 *
 * @param program compiled entry, from the repo's root
 */
export async function startWorker(
  name: string,
  address: string,
  { program = 'dist/src/worker.js', env = {} }: { program?: string; env?: Record<string, string> } = {},
): Promise<ProcessId> {
  const { record, log } = files(name);
  const build = await newest(join(root, 'dist/src'));
  const before = await read(record);
  if (before && (await isAlive(before.process))) {
    if (before.build === build && before.address === address) return before.process;
    await end(before.process, STOP_GRACE_MS);
  }
  await mkdir(join(stateDir, 'workers'), { recursive: true });
  const out = await open(log, 'w');
  const flags = ['--enable-source-maps', '--max-semi-space-size=2'];
  const child = spawn(process.execPath, [...flags, join(root, program)], {
    detached: true,
    stdio: ['ignore', out.fd, out.fd],
    cwd: root,
    env: { ...process.env, ...env, TEMPORAL_ADDRESS: address },
  });
  child.unref();
  await out.close();
  const started = child.pid === undefined ? undefined : await identify(child.pid);
  if (!started) throw new LabError(`the worker ended at once; ${log} says why`);
  await writeFile(record, JSON.stringify({ process: started, build, address } satisfies WorkerRecord));
  await untilReady(started, log);
  return started;
}

export async function stopWorker(name: string): Promise<void> {
  const { record } = files(name);
  const before = await read(record);
  if (before) await end(before.process, STOP_GRACE_MS);
  await rm(record, { force: true });
}

/** SIGKILL: it hands nothing over. */
export async function killWorker(name: string): Promise<void> {
  const before = await read(files(name).record);
  if (before) await kill(before.process);
}

async function read(file: string): Promise<WorkerRecord | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as WorkerRecord);
}

/** Temporal's SDK says so in the log when the worker begins to poll. */
async function untilReady(worker: ProcessId, log: string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const said = await readFile(log, 'utf8');
    if (said.includes('"state":"RUNNING"')) return;
    if (!(await isAlive(worker)))
      throw new LabError(`the worker ended: ${said.trim().split('\n').at(-1)} (${log})`);
    await delay(50);
  }
  throw new LabError(`the worker did not begin to poll in ${READY_WITHIN_MS / 1000} s; see ${log}`);
}

async function newest(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const times = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mtimeMs));
  return Math.max(...times);
}
