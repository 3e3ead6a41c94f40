/** A lab whose database and hosts are backed up. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import type { BackupEntry } from '../../src/contracts/backups';
import type { Ended, GroundOptions } from './ground';
import { ended, Ground } from './ground';

/** What nobody may see anywhere. */
export const PASSWORDS = { store: 'planted-store-4711', login: 'planted-login-4711' };
export const STORE = '/srv/pawl-backups';
const ENTRIES = 'catalogue/*.json';

interface ClusterFile {
  services: Record<string, object>;
  config?: object;
  backups: { store: object; sources: Record<string, object> };
}

/** @param more sources beside those of the example, or in their place */
export async function backedUp(
  name: string,
  hosts: number,
  more: Record<string, object> = {},
  options: GroundOptions = {},
): Promise<Ground> {
  const ground = await Ground.up(name, hosts, { ...options, database: true, backup: true });
  const folder = dirname(ground.cluster);
  await writeFile(join(folder, 'store-password'), PASSWORDS.store);
  await writeFile(join(folder, 'login-password'), PASSWORDS.login);
  await editCluster(ground, ({ backups }) => {
    Object.assign(backups.store, { password: 'file:store-password' });
    Object.assign(backups.sources, more);
  });
  return ground;
}

/** Before anybody reads it. */
export async function editCluster(ground: Ground, edit: (file: ClusterFile) => void): Promise<void> {
  const file = parse(await readFile(ground.cluster, 'utf8')) as ClusterFile;
  edit(file);
  await writeFile(ground.cluster, stringify(file));
}

export const sql = (ground: Ground, text: string) =>
  ground.inside('db1', 'mariadb', '--skip-column-names', '--batch', '--execute', text);

/** A backup, or whatever else is about a source; its first attempt is its last unless `more` says otherwise. */
export function begin(
  ground: Ground,
  type: string,
  source: string,
  more: object = {},
): Promise<WorkflowHandle> {
  const quick = type === 'backup' ? { attempts: 1, pauseSeconds: 1 } : {};
  return ground.client.workflow.start(type, {
    taskQueue: 'pawl',
    workflowId: `${type}-${source}-${Date.now()}`,
    args: [{ cluster: ground.cluster, source, ...quick, ...more }],
  });
}

export const through = async (
  ground: Ground,
  type: string,
  source: string,
  more: object = {},
): Promise<Ended> => ended(await begin(ground, type, source, more));

/** What the store says it has, oldest first. */
export async function catalogue(ground: Ground, source: string): Promise<BackupEntry[]> {
  const text = await ground.inside(
    'bk1',
    'sh',
    '-c',
    `cat ${STORE}/${source}/${ENTRIES} 2>/dev/null || true`,
  );
  const lines = text.split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as BackupEntry)
    .sort((one, other) => one.at.localeCompare(other.at));
}

/** What pieces of work have left on a host: secrets, results, scratch places, servers. */
export const leftOn = (ground: Ground, host: string) =>
  ground.inside(
    host,
    'sh',
    '-c',
    'find /var/lib/pawl-scratch /run/pawl/backups /var/lib/pawl/backups/results -mindepth 1 2>/dev/null; true',
  );
