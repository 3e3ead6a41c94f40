/**
 * A load generator that Pawl cannot see: it counts what clients of the service get while hosts are
 * changed. Requests come at a fixed rate whatever the answers are, and are never sent twice.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LabError } from './error';
import { network } from './hosts/topology';
import type { LoadResult } from './load/tally';
import { root } from './paths';

export type { LoadResult } from './load/tally';

export interface LoadOptions {
  /** what is asked for, e.g. `http://10.88.0.10/`; this machine or a lab */
  url: string;
  /** requests a second, 1 to 5,000 */
  rate: number;
  /** long requests: a share (0 to 1) of all, or one more every so many milliseconds, or both */
  slow?: { share?: number; everyMs?: number; /** default `/slow`: 8 s */ path?: string };
  /** from when a request is due to the end of its answer; must be longer than slow ones; default 15 s */
  timeoutMs?: number;
  /** no more requests after this time, default 600 s */
  maxSeconds?: number;
  /** requests that are due while so many are open, each on a connection, are held back and counted; default 4,000 */
  maxOpen?: number;
}

export interface Load {
  /** what was counted up to now */
  snapshot(): Promise<LoadResult>;
  /** sends no more, waits for open requests (at most `timeoutMs`), and tells the final counts */
  stop(): Promise<LoadResult>;
}

/** Starts sending from a process of its own; resolves when the first request is under way. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const all: Required<LoadOptions> = {
    ...{ slow: {}, timeoutMs: 15_000, maxSeconds: 600, maxOpen: 4000 },
    ...options,
  };
  check(all);
  const child = fork(generator(), [JSON.stringify(all)], { execArgv: [] });
  const ended = once(child, 'exit').then(() => {
    throw new LabError('the load generator ended before it sent anything');
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined); // from now on, whoever asks for counts is told
  const ask = (message: string) => answer(child, message, all.timeoutMs + 5000);
  let last: Promise<LoadResult> | undefined;
  return {
    snapshot: () => last ?? ask('snapshot'),
    stop: () => (last ??= ask('stop')),
  };
}

function check({ url, rate }: LoadOptions): void {
  const { hostname } = new URL(url);
  if (!/^(localhost|127\.[\d.]+)$/.test(hostname) && !hostname.startsWith(`${network}.`)) {
    throw new LabError(`load is for this machine and its labs only, not for ${hostname}`);
  }
  if (!(rate >= 1 && rate <= 5000))
    throw new LabError(`rate is ${rate}: 1 to 5,000 requests a second are wanted`);
}

/** Under Jest, which runs the sources, the compiled one is used. */
function generator(): string {
  const beside = require.resolve('./load/generator');
  return beside.endsWith('.js') ? beside : join(root, 'dist/lab/load/generator.js');
}

function answer(child: ChildProcess, message: string, limitMs: number): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      clearTimeout(limit);
      child.off('message', onMessage).off('exit', onExit);
      act();
    };
    const onMessage = (result: LoadResult) => end(() => resolve(result));
    const onExit = () => end(() => reject(new LabError('the load generator ended before it was asked to')));
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      end(() => reject(new LabError(`the load generator gave no answer within ${limitMs} ms`)));
    }, limitMs);
    child.on('message', onMessage).on('exit', onExit);
    child.send(message, (error) => error && onExit());
  });
}
