/** An upgrade of two hosts under load during which something happens, and what each of them must leave behind. */
import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadOptions } from '../../lab/load';
import { makeRelease } from '../../lab/service';
import type { Status } from '../../src/contracts/status';
import type { Ended, Ground } from './ground';
import { ended, reached } from './ground';
import { makeSlowRelease } from './odd-releases';
import type { Seen } from './whole-run';
import { expectAllIn, expectTruth, startsFromNow, underLoad } from './whole-run';

/** Seconds that a slow release takes to start on n1: time enough for something to happen meanwhile. */
const SLOW = 4;
export const QUICK = {
  hosts: ['n1', 'n2'],
  batches: ['100%'],
  minHealthySeconds: 0,
  soakSeconds: 0,
  watchSeconds: 0,
  unreachableSeconds: 5,
};

let releases = 0;
/** A version that no other test of this process has used. */
export const nextVersion = () => `4.0.${(releases += 1)}`;

export interface Scene {
  handle: WorkflowHandle;
  version: string;
  /** waits until the new version has noted its start on a host; a slow one is not ready by then */
  begun(host: string): Promise<void>;
  is(host: string, state: string): Promise<unknown>;
  asked(withinMs?: number): Promise<string>;
}

interface PlayOptions {
  slow?: boolean;
  input?: object;
  load?: Partial<LoadOptions>;
  /** what the load must have brought about before the run starts */
  ready?: () => Promise<unknown>;
}

interface Played extends Seen<Ended> {
  version: string;
  /** versions that each host started meanwhile */
  started: Record<string, string[]>;
}

/** Runs an upgrade during which something happens, and looks at what every such run must leave behind. */
export async function play(
  ground: Ground,
  during: (scene: Scene) => Promise<unknown>,
  { slow = false, input = {}, load = {}, ready }: PlayOptions = {},
): Promise<Played> {
  const version = nextVersion();
  const artifact = slow ? await makeSlowRelease(version, SLOW, 'n1') : await makeRelease({ version });
  const started = await startsFromNow(ground);
  const seen = await underLoad(
    ground,
    async () => {
      await ready?.();
      const handle = await ground.start({ ...QUICK, version, artifact, ...input });
      const is = (host: string, state: string) =>
        reached(handle, ({ hosts }) => hosts.find(({ name }) => name === host)?.state === state);
      await during({
        handle,
        version,
        is,
        begun: async (host) => {
          // by the host's own log: the state may be over before anybody looks
          for (const end = Date.now() + 30_000; !(await started())[host]?.includes(version); await delay(50))
            if (Date.now() > end) throw new Error(`${host} did not start ${version} in 30 s`);
        },
        asked: async (withinMs = 30_000) => {
          const retry = ({ waitingFor }: Status) => waitingFor?.answers[0]?.message === 'retry';
          return (await reached(handle, retry, withinMs)).waitingFor!.what;
        },
      });
      return ended(handle);
    },
    load,
  );
  await expectTruth(ground, seen.result.report);
  await expectAllIn(ground);
  return { ...seen, version, started: await started() };
}

/** Each of the two hosts started the version once. */
export const once = (version: string) => ({ n1: [version], n2: [version] });

export const answer = (handle: WorkflowHandle, message: string, payload: object = {}) =>
  handle.executeUpdate<string, [object]>(message, { args: [{ by: 'ann', ...payload }] });
