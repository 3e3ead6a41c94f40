import { existsSync } from 'node:fs';
import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labId } from './topology';
import { mounts } from './mounts';
import { until } from './wait';

/**
 * Each host runs in a cgroup of its own, `pawl-<lab id>/<host>`, in every hierarchy that systemd
 * inside needs: cgroup 2 always, and beside it systemd's named one where the machine is hybrid. The
 * supervisors sit in `pawl-<lab id>/supervisors`. So membership tells whose a process is, even when
 * everything that was written down about the lab is lost.
 */
const SUPERVISORS = 'supervisors';

/** Mount points of the hierarchies, cgroup 2 first; memory only counts what hosts use. */
export async function hierarchies(): Promise<string[]> {
  const all = await mounts();
  const first = all.filter((mount) => mount.type === 'cgroup2');
  const second = all.filter((m) => m.type === 'cgroup' && /(^|,)(name=systemd|memory)(,|$)/.test(m.options));
  return [...first.slice(0, 1), ...second].map((mount) => mount.point);
}

export async function hostCgroups(lab: string, host: string): Promise<string[]> {
  return (await hierarchies()).map((top) => join(top, `pawl-${labId(lab)}`, host));
}

export const supervisorCgroups = (lab: string) => hostCgroups(lab, SUPERVISORS);

/** All processes of a host (not its supervisor), or of the whole lab when no host is named. */
export async function processes(lab: string, host = ''): Promise<number[]> {
  const [main] = await hostCgroups(lab, host);
  return main ? pidsBelow(main) : [];
}

/** Kills a host or the whole lab at once, frozen or not, and waits until nothing is left. */
export async function killAll(lab: string, host = ''): Promise<void> {
  await setFrozen(lab, host, false);
  await killBelow(lab, host);
}

async function killBelow(lab: string, host: string): Promise<void> {
  await until(`killing the processes of lab ${lab} ${host}`, 20, async () => {
    const left = await processes(lab, host);
    for (const pid of left) kill(pid);
    return left.length === 0 || undefined;
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Freezes or thaws a host, or the whole lab when the host is ''. */
export async function setFrozen(lab: string, host: string, frozen: boolean): Promise<void> {
  const [main] = await hostCgroups(lab, host);
  if (!main || !existsSync(main)) return;
  if (!host) for (const name of await folders(main)) await setFrozen(lab, name, frozen);
  await writeFile(join(main, 'cgroup.freeze'), frozen ? '1' : '0');
  await until(`${frozen ? 'freezing' : 'thawing'} ${host || lab}`, 10, async () =>
    (await isFrozen(lab, host)) === frozen ? true : undefined,
  );
}

export async function isFrozen(lab: string, host: string): Promise<boolean> {
  const [main] = await hostCgroups(lab, host);
  const events = await readFile(join(main ?? '', 'cgroup.events'), 'utf8').catch(() => '');
  return /^frozen 1$/m.test(events);
}

/** Removes the empty cgroups of a host or of the whole lab. */
export async function removeCgroups(lab: string, host = ''): Promise<void> {
  for (const top of await hostCgroups(lab, host)) {
    await until(`removing ${top}`, 10, () => removeTree(top).then(() => true as const, notBusy));
  }
}

function notBusy(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EBUSY') throw error;
}

async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const child of await folders(folder)) await removeTree(join(folder, child));
  await rmdir(folder);
}

async function pidsBelow(folder: string): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  const own = text.split('\n').filter(Boolean).map(Number);
  const below = await Promise.all((await folders(folder)).map((child) => pidsBelow(join(folder, child))));
  return [...own, ...below.flat()];
}

async function folders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
