import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hostCgroups } from '../../lab/hosts/cgroups';

const LOOK = 200;

/**
 * Looks at the memory of a unit on a host until it is told to stop: what its processes have of their own, without the
 * kernel's cache of files.
 *
 * @returns MiB at most
 */
export function watchUnit(lab: string, host: string, unit: RegExp): { stop(): Promise<number> } {
  const stopped = new AbortController();
  let most = 0;
  const done = (async () => {
    const [top] = await hostCgroups(lab, host);
    while (!stopped.signal.aborted) {
      const pids = await pidsOf(top!, unit);
      const each = await Promise.all(pids.map(anonymousMiB));
      most = Math.max(
        most,
        each.reduce((sum, one) => sum + one, 0),
      );
      await delay(LOOK);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await done;
      return most;
    },
  };
}

async function pidsOf(folder: string, unit: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const units = entries.filter((entry) => entry.isDirectory() && unit.test(entry.name));
  const lists = units.map((entry) =>
    readFile(join(entry.parentPath, entry.name, 'cgroup.procs'), 'utf8').catch(() => ''),
  );
  return (await Promise.all(lists)).flatMap((list) => list.split('\n').filter(Boolean));
}

/** One that has ended meanwhile has none. */
async function anonymousMiB(pid: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024;
}
