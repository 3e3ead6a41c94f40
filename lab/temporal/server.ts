import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../error';
import { withLock } from '../hosts/lock';
import { answers } from './health';
import { choosePorts, freed, isOpen } from './ports';
import { end, identify, isAlive } from './processes';
import { findTemporal } from './program';
import {
  logBefore,
  logFile,
  readRecord,
  removeRecord,
  temporalDir,
  writeRecord,
  type ServerRecord,
} from './record';
import { serverArguments, type DynamicConfig, type Ports } from './settings';

const HEALTHY_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 3_000;
const LOOK_MS = 25;
const START_TRIES = 3;
/** It writes its database out on SIGTERM. */
const STOP_GRACE_MS = 10_000;
/** A frozen one does not hear SIGTERM. */
const FROZEN_GRACE_MS = 2_000;
const USUAL_PORTS: Ports = { grpc: 7233, ui: 8233 };

export interface TemporalOptions {
  /** tells servers of this clone apart; `default` takes Temporal's usual ports when they are free */
  name: string;
  /** SQLite file; made when absent, kept when the server stops */
  dbFile: string;
  /** with the web interface */
  ui: boolean;
  /** these and no others; without them the ones it had before, else free ones */
  ports?: Ports;
  /** beside the usual one; a server that runs already keeps its own */
  dynamicConfig?: DynamicConfig;
}

export interface TemporalServer {
  /** `127.0.0.1:7233` */
  address: string;
  uiUrl?: string;
  pid: number;
  /** Clean, and safe to repeat. Data and ports are kept for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal's dev server in the background, where it outlives this process; answers the running
 * one when it is there already. Resolves when the server answers, or throws with its last words.
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const program = await findTemporal();
  return withLock(temporalDir, async () => {
    const record = (await running(options)) ?? (await start(program, options));
    return describe(options.name, record);
  });
}

/** Stops the server of that name, if it runs; whoever started it. */
export async function stopTemporal(name: string): Promise<void> {
  const record = await readRecord(name);
  if (record) await end(record.process, STOP_GRACE_MS);
}

/** Stops the server of that name and removes what is kept of it, but for the database. */
export async function discardTemporal(name: string): Promise<void> {
  await stopTemporal(name);
  await removeRecord(name);
}

/** @returns the server of that name, when its process is alive */
export async function findServer(name: string): Promise<TemporalServer | undefined> {
  const record = await readRecord(name);
  return record && (await isAlive(record.process)) ? describe(name, record) : undefined;
}

/** One that is alive but does not answer is ended, so that a new one can take its place. */
async function running(options: TemporalOptions): Promise<ServerRecord | undefined> {
  const record = await readRecord(options.name);
  if (!record || !(await isAlive(record.process))) return undefined;
  if (record.dbFile !== resolve(options.dbFile)) {
    throw new LabError(`server ${options.name} runs on another database, ${record.dbFile}: stop it first`);
  }
  const asWanted = record.ui || !options.ui;
  if (asWanted && (await answers(address(record.ports), ANSWER_WITHIN_MS))) return record;
  await end(record.process, asWanted ? FROZEN_GRACE_MS : STOP_GRACE_MS);
  return undefined;
}

/** Somebody else may take a port between the choice and the start: then others are chosen. */
async function start(program: string, options: TemporalOptions): Promise<ServerRecord> {
  for (let tries = 1; ; tries += 1)
    try {
      return await startOnce(program, options);
    } catch (error) {
      const log = await readFile(logFile(options.name), 'utf8').catch(() => '');
      if (options.ports || tries === START_TRIES || !log.includes('address already in use')) throw error;
    }
}

async function startOnce(program: string, options: TemporalOptions): Promise<ServerRecord> {
  const dbFile = resolve(options.dbFile);
  await mkdir(dirname(dbFile), { recursive: true });
  const ports = options.ports ?? (await portsFor(options.name));
  const { ui, dynamicConfig } = options;
  const pid = await launch(program, serverArguments({ dbFile, ui, ports, dynamicConfig }), options.name);
  const process = await identify(pid);
  if (!process) throw new LabError(`Temporal's server ended at once: ${await lastWords(options.name)}`);
  const record = { process, dbFile, ui, ports };
  await writeRecord(options.name, record);
  await untilHealthy(options.name, record);
  return record;
}

/** Those it had before, so that whoever is connected finds it again. */
async function portsFor(name: string): Promise<Ports> {
  const before = (await readRecord(name))?.ports;
  if (before && (await freed(before))) return before;
  return choosePorts(name === 'default' ? [USUAL_PORTS] : []);
}

/** In a session of its own: closing the terminal or Ctrl-C does not reach it. */
async function launch(program: string, args: string[], name: string): Promise<number> {
  await mkdir(temporalDir, { recursive: true });
  await rename(logFile(name), logBefore(name)).catch(() => undefined);
  const log = await open(logFile(name), 'w');
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid!));
      child.unref();
    });
  } finally {
    await log.close();
  }
}

async function untilHealthy(name: string, { process, ports }: ServerRecord): Promise<void> {
  const until = performance.now() + HEALTHY_WITHIN_MS;
  while (performance.now() < until) {
    // A gRPC client that was refused once waits a second before it tries again.
    if ((await isOpen(ports.grpc)) && (await answers(address(ports), ANSWER_WITHIN_MS))) return;
    if (!(await isAlive(process))) throw new LabError(`Temporal's server ended: ${await lastWords(name)}`);
    await sleep(LOOK_MS);
  }
  await end(process, STOP_GRACE_MS);
  throw new LabError(
    `Temporal's server was not healthy within ${HEALTHY_WITHIN_MS / 1000} s: ${await lastWords(name)}`,
  );
}

function describe(name: string, { process, ports, ui }: ServerRecord): TemporalServer {
  return {
    address: address(ports),
    ...(ui && { uiUrl: `http://127.0.0.1:${ports.ui}` }),
    pid: process.pid,
    stop: () => stopTemporal(name),
  };
}

const address = (ports: Ports) => `127.0.0.1:${ports.grpc}`;

async function lastWords(name: string): Promise<string> {
  const log = await readFile(logFile(name), 'utf8').catch(() => '');
  return `${log.trim().split('\n').slice(-3).join('\n').slice(-600)} (${logFile(name)})`;
}
