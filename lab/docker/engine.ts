/** Docker's engine: the one that runs here, or else one of our own for as long as some work takes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabError } from '../error';
import { attempt } from '../hosts/command';
import { withLock } from '../hosts/lock';
import { unmountBelow } from '../hosts/mounts';
import { until } from '../hosts/wait';
import { cacheDir, stateDir } from '../paths';
import { end, identify, isAlive, type ProcessId } from '../temporal/processes';
import { say } from '../temporal/words';
import { prepareNetwork, restoreNetwork } from './network';

export interface Engine {
  /** for DOCKER_HOST */
  host: string;
  /** started for this work: what it holds is nobody else's */
  ours: boolean;
}

/** One engine of ours on a machine; its sockets have short paths here. */
const DIR = '/run/pawl-docker';
const HOST = `unix://${join(DIR, 'docker.sock')}`;
const RECORD = join(DIR, 'dockerd.json');
const NETWORK = join(DIR, 'network.json');
const LOG = join(stateDir, 'compose', 'dockerd.log');
/** Images stay for the next time. */
const DATA = join(cacheDir, 'docker', 'engine');
const USUAL = 'unix:///var/run/docker.sock';
const READY_SECONDS = 60;
/** It ends containers that still run, ten seconds each at most. */
const STOP_GRACE_MS = 60_000;
/** As long as the whole work of another process may take. */
const LOCK_SECONDS = 1_800;

/** Runs work with an engine; two processes never do at the same time. Needs root where none runs yet. */
export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  return withLock(
    DIR,
    async () => {
      const host = process.env.DOCKER_HOST || USUAL;
      if (await answers(host)) {
        say(`docker: the engine at ${host} is used, and left running`);
        return work({ host, ours: false });
      }
      await start();
      try {
        return await work({ host: HOST, ours: true });
      } finally {
        await stop();
      }
    },
    LOCK_SECONDS,
  );
}

async function answers(host: string): Promise<boolean> {
  const { code } = await attempt('docker', ['--host', host, 'version'], { timeoutMs: 10_000 });
  return code === 0;
}

async function start(): Promise<void> {
  // a process that was killed leaves its engine, with networks that only this one can remove
  if (await answers(HOST)) return;
  await stop();
  await prepareNetwork(NETWORK);
  await mkdir(DATA, { recursive: true });
  const engine = await launch();
  await writeFile(RECORD, JSON.stringify(engine));
  await until(`docker's engine answers; ${LOG} has its words`, READY_SECONDS, async () => {
    if (!(await isAlive(engine))) throw new LabError(`docker's engine ended: ${await lastWords()}`);
    return (await answers(HOST)) || undefined;
  }).catch(async (error: Error) => {
    await stop();
    throw error;
  });
  say('docker: no engine ran, one is started for this');
}

/** In a session of its own: Ctrl-C does not reach it before its containers are removed. */
async function launch(): Promise<ProcessId> {
  await mkdir(dirname(LOG), { recursive: true });
  const log = await open(LOG, 'w');
  try {
    const place = ['--data-root', DATA, '--exec-root', join(DIR, 'exec'), '--pidfile', join(DIR, 'pid')];
    // a network of its own is made for each project
    const child = spawn('dockerd', [...place, '--host', HOST, '--bridge', 'none'], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    await once(child, 'spawn');
    child.unref();
    const engine = await identify(child.pid!);
    if (!engine) throw new LabError(`docker's engine ended at once: ${await lastWords()}`);
    return engine;
  } finally {
    await log.close();
  }
}

/** Ends an engine that is ours, and what it left on this machine; safe to repeat. */
async function stop(): Promise<void> {
  const record = await readFile(RECORD, 'utf8').catch(() => undefined);
  if (record !== undefined) await end(JSON.parse(record) as ProcessId, STOP_GRACE_MS);
  await restoreNetwork(NETWORK);
  await unmountBelow(DIR);
  for (const name of ['exec', 'pid', 'docker.sock', 'dockerd.json'])
    await rm(join(DIR, name), { recursive: true, force: true });
}

async function lastWords(): Promise<string> {
  const log = await readFile(LOG, 'utf8').catch(() => '');
  return `${log.trim().split('\n').slice(-2).join('\n').slice(-400)} (${LOG})`;
}
