import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDir } from '../paths';
import type { ProcessId } from './processes';
import type { Ports } from './settings';

/** What runs now, its logs, and by default its data. */
export const temporalDir = join(stateDir, 'temporal');

/** What is known of a server of ours; it stays when the server ends, so that it comes back on its ports. */
export interface ServerRecord {
  process: ProcessId;
  dbFile: string;
  ui: boolean;
  ports: Ports;
}

export async function readRecord(name: string): Promise<ServerRecord | undefined> {
  const text = await readFile(recordFile(name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ServerRecord);
}

export async function writeRecord(name: string, record: ServerRecord): Promise<void> {
  const draft = `${recordFile(name)}.${process.pid}`;
  await mkdir(temporalDir, { recursive: true });
  await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`);
  await rename(draft, recordFile(name));
}

export async function removeRecord(name: string): Promise<void> {
  const files = [recordFile(name), logFile(name), logBefore(name)];
  await Promise.all(files.map((file) => rm(file, { force: true })));
}

export const logFile = (name: string) => join(temporalDir, `${name}.log`);
/** of the run before */
export const logBefore = (name: string) => `${logFile(name)}.before`;
const recordFile = (name: string) => join(temporalDir, `${name}.json`);
