import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leader } from './boot';
import { isFrozen } from './cgroups';
import { LabError } from '../error';
import { describe, labDir, type Lab, type LabHost, type LabState } from './topology';

export interface HostStatus extends LabHost {
  state: 'running' | 'frozen' | 'off';
}

export interface LabStatus extends Lab {
  hosts: HostStatus[];
}

const file = (name: string) => join(labDir(name), 'state.json');

/** What is recorded about a lab; undefined when there is none. */
export async function readState(name: string): Promise<LabState | undefined> {
  const text = await readFile(file(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as LabState);
}

/** Like `readState`, for work that needs a lab. */
export async function stateOf(name: string): Promise<LabState> {
  const state = await readState(name);
  if (!state)
    throw new LabError(`there is no lab "${name}" here; make it with: npm run lab -- up --name ${name}`);
  return state;
}

export async function writeState(state: LabState): Promise<void> {
  await mkdir(labDir(state.name), { recursive: true });
  await writeFile(`${file(state.name)}.new`, JSON.stringify(state, null, 2) + '\n');
  await rename(`${file(state.name)}.new`, file(state.name));
}

/** The lab and how its hosts are right now; undefined when there is none. */
export async function status(name = 'lab'): Promise<LabStatus | undefined> {
  const state = await readState(name);
  if (!state) return undefined;
  const hosts = await Promise.all(
    state.hosts.map(async (host) => ({ ...host, state: await hostState(name, host.name) })),
  );
  return { ...describe(state), hosts };
}

async function hostState(lab: string, host: string): Promise<HostStatus['state']> {
  if ((await leader(lab, host)) === undefined) return 'off';
  return (await isFrozen(lab, host)) ? 'frozen' : 'running';
}
