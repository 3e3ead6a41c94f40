/** Temporal with its UI, the lab, and a worker: everything a person needs on one machine. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import type { Lab } from './hosts';
import { down as removeLab, up as bringUpLab } from './hosts';
import { stateDir } from './paths';
import { makeConfigCentre, makeRelease, startOrders } from './service';
import type { TemporalServer } from './temporal/server';
import { startTemporal, stopTemporal } from './temporal/server';
import { startWorker, stopWorker } from './worker';

/** Temporal, lab and worker of this name belong together. */
const NAME = 'lab';
const TEMPORAL = 'default';
const CONNECTION = join(stateDir, 'connection.json');

export interface Stack {
  lab: Lab;
  temporal: TemporalServer;
}

/** Brings everything up; what runs already is kept. Prints a line with the seconds for each part. */
export async function stackUp(): Promise<Stack> {
  const temporal = await stage('Temporal with its UI', () =>
    startTemporal({ name: TEMPORAL, dbFile: join(stateDir, 'temporal', 'data.db'), ui: true }),
  );
  const lab = await stage('lab: six application hosts, HAProxy, MariaDB and a host for backups', () =>
    bringUpLab({ name: NAME, database: true, backup: true, log: (line) => console.log(pc.dim(`  ${line}`)) }),
  );
  await stage('releases, configuration and orders of the example service', async () => {
    await makeRelease({ version: '1.1.0' });
    await makeConfigCentre(join(stateDir, 'config'));
    await makePassword(join(stateDir, 'backups-password'));
    await startOrders(NAME, 'db1');
  });
  await connect(temporal);
  await stage('worker', () => startWorker(NAME, temporal.address));
  return { lab, temporal };
}

/** Removes the lab, stops worker and Temporal; Temporal's data stay for the next start. */
export async function stackDown(): Promise<void> {
  await stage('worker stopped', () => stopWorker(NAME));
  await stage('lab removed', () => removeLab(NAME));
  await stage('Temporal stopped', () => stopTemporal(TEMPORAL));
  await rm(CONNECTION, { force: true });
}

/** One that is there already encrypts what was backed up. */
async function makePassword(file: string): Promise<void> {
  await writeFile(file, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' }).catch(
    (error: Error) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    },
  );
}

/** Where `pawl` in this clone finds the server. */
async function connect({ address, uiUrl }: TemporalServer): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  await writeFile(`${CONNECTION}.new`, JSON.stringify({ address, uiUrl, namespace: 'default' }));
  await rename(`${CONNECTION}.new`, CONNECTION);
}

export async function stage<T>(words: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  console.log(
    `${pc.green('✔')} ${words} ${pc.dim(`${((performance.now() - started) / 1000).toFixed(1)} s`)}`,
  );
  return result;
}
