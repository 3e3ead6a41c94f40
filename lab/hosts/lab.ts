import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { baseImage } from './base-image';
import { boot } from './boot';
import { killAll, removeCgroups } from './cgroups';
import { withLock } from './lock';
import { unmountBelow } from './mounts';
import { ensureBridge, ownBridges, removeNetwork } from './network';
import { waitUntilReady } from './ready';
import { ensureSystemPackages } from './requirements';
import { ensureRoot, removeRoot, writeClusterFiles } from './root';
import { ensureLoginKey, writeSshFiles } from './ssh-files';
import { readState, writeState } from './state';
import { describe, labDir, layOut, type Lab, type LabState, type Wanted } from './topology';

export interface UpOptions extends Wanted {
  name?: string;
  log?: (line: string) => void;
}

/**
 * Brings a lab up and waits until every host that it started is in service. Safe to repeat: running
 * hosts are kept as they are (frozen or misbehaving ones too), hosts that are off start with what
 * they had, missing ones are made, and hosts beyond the wanted number are removed.
 */
export async function up({ name = 'lab', log = () => undefined, ...wanted }: UpOptions = {}): Promise<Lab> {
  layOut(0, wanted); // refuses bad numbers before anything is made
  process.umask(0o022); // files of the hosts are read by other users there
  await ensureSystemPackages();
  const base = await baseImage(log);
  return withLock(dirname(labDir(name)), async () => {
    const before = await usable(await readState(name), log);
    const net = await ensureBridge(name, before?.net);
    const state: LabState = {
      name,
      net,
      base: before?.base ?? base,
      hosts: layOut(net, wanted),
      complete: false,
    };
    await dropHosts(before, state);
    await writeState(state);
    await ensureLoginKey(name);
    await Promise.all(state.hosts.map((host) => ensureRoot(state, host)));
    await writeSshFiles(state);
    await Promise.all(state.hosts.map((host) => writeClusterFiles(state, host)));
    const started = await Promise.all(state.hosts.map((host) => boot(state, host.name)));
    // an earlier `up` may have been cut off before its hosts were in service
    const unproven = before?.complete ? state.hosts.filter((_, i) => started[i]) : state.hosts;
    await waitUntilReady(state, unproven);
    await writeState({ ...state, complete: true });
    return describe(state);
  });
}

/**
 * Removes all that `up` made for this lab: processes, cgroups, mounts, network, files. Safe to repeat,
 * and to call when `up` was cut off at any point: what belongs to the lab is found by its marks.
 */
export async function down(name = 'lab'): Promise<void> {
  await withLock(dirname(labDir(name)), () => remove(name));
}

async function remove(name: string): Promise<void> {
  await killAll(name);
  await unmountBelow(labDir(name));
  await removeNetwork(name);
  await removeCgroups(name);
  await rm(labDir(name), { recursive: true, force: true });
}

/** A lab whose bridge is gone was cut off by a restart of the machine: nothing runs, so it is made anew. */
async function usable(
  state: LabState | undefined,
  log: (line: string) => void,
): Promise<LabState | undefined> {
  if (!state) return undefined;
  if ((await ownBridges(state.name)).includes(state.net)) return state;
  log(`lab ${state.name} was cut off (machine restarted?): its hosts are made anew`);
  await remove(state.name);
  return undefined;
}

async function dropHosts(before: LabState | undefined, wanted: LabState): Promise<void> {
  const names = new Set(wanted.hosts.map((host) => host.name));
  for (const { name } of before?.hosts ?? []) {
    if (names.has(name)) continue;
    await killAll(wanted.name, name);
    await removeRoot(wanted.name, name);
    await removeCgroups(wanted.name, name);
  }
  await mkdir(labDir(wanted.name), { recursive: true });
}
