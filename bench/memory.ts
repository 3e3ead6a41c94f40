import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK = 100;

export interface MemorySeen {
  /** MiB of resident memory */
  first: number;
  most: number;
  last: number;
  /** MiB at each tenth of the time */
  course: number[];
}

/** Resident memory of a process, MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

/** Looks at a process's memory until it is told to stop. */
export function watchMemory(pid: number): { stop(): Promise<MemorySeen> } {
  const stopped = new AbortController();
  const samples: number[] = [];
  const done = (async () => {
    while (!stopped.signal.aborted) {
      samples.push(await residentMiB(pid));
      await delay(LOOK);
    }
  })();
  // a process that ends first is told to whoever stops the look
  done.catch(() => undefined);
  return {
    async stop() {
      stopped.abort();
      await done;
      const tenth = (index: number) => samples[Math.floor((index * (samples.length - 1)) / 10)]!;
      return {
        first: samples[0]!,
        most: Math.max(...samples),
        last: samples.at(-1)!,
        course: Array.from({ length: 11 }, (_, index) => Math.round(tenth(index))),
      };
    },
  };
}
