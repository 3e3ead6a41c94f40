/** Own requests, from each host to its own service: response times that no network and no balancer adds to. */
import { setTimeout as delay } from 'node:timers/promises';
import { onAbort } from '../../adapters/abort';
import type { Histogram, Requests } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import type { PlannedHost, PlannedService } from '../../contracts/plan';
import type { RemoteHost } from '../../contracts/world';
import { measured } from '../../domain/histogram';
import { noRequests, plus } from '../../domain/tally';
import { askHealth, get } from '../probe';
import type { World } from '../world';

/** Milliseconds; a slower answer is as bad as none. */
const PATIENCE = 10_000;
/** Milliseconds between two probes of a host. */
const PAUSE = 50;
/** Probes a second of all hosts together. */
const MOST = 50;
/** From so many on, more of them say little that is new. */
const PLENTY = 600;
/** Where they stand for requests: the default limits are proven with one bad among them. */
const PLENTY_OF_REQUESTS = 5_000;
const SLOW_PAUSE = 1_000;
/** Hosts that stand for all. */
const ENOUGH_HOSTS = 10;

type Probed = Pick<PlannedService, 'port' | 'health'>;

export interface Probing {
  /** why a host gave no answer last, if it was not reached at all */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/**
 * Probes hosts one request at a time each, until stopped, and counts their times.
 *
 * @param asked by host, what came of it: given where probes stand for requests, and no host for another one
 */
export function startProbing(
  world: World,
  what: { service: Probed; paths: string[]; hosts: PlannedHost[] },
  into: Histogram,
  signal: AbortSignal,
  asked?: Record<string, Requests>,
): Probing {
  const end = new AbortController();
  const unfollow = onAbort(signal, (reason) => end.abort(reason));
  const hosts = asked ? what.hosts : what.hosts.slice(0, ENOUGH_HOSTS);
  const plenty = asked ? PLENTY_OF_REQUESTS : PLENTY;
  const pause = Math.max(PAUSE, (hosts.length * 1_000) / MOST);
  const troubles = new Map<string, string>();
  const loops = hosts.map(async ({ name }) => {
    for (let n = 0; !end.signal.aborted; n += 1) {
      const path = what.paths[n % what.paths.length];
      try {
        const { ms, ended } = await askOnce(world.hosts.on(name), what.service, path, end.signal);
        measured(into, ms);
        if (asked) asked[name] = plus(asked[name] ?? noRequests(), ended);
        troubles.delete(name);
      } catch (error) {
        if (end.signal.aborted) return;
        if (!(error instanceof PawlError)) throw error;
        // that a host is out of reach says nothing of its service
        troubles.set(name, error.message);
      }
      await delay(into.samples < plenty ? pause : SLOW_PAUSE, undefined, { signal: end.signal }).catch(
        () => undefined,
      );
    }
  });
  const done = Promise.allSettled(loops);
  return {
    trouble: () => [...troubles.values()][0],
    async stop() {
      unfollow();
      end.abort();
      await done;
    },
  };
}

/** @param path where there is none to ask for, its health is asked for */
async function askOnce(
  remote: RemoteHost,
  service: Probed,
  path: string | undefined,
  signal: AbortSignal,
): Promise<{ ms: number; ended: Requests }> {
  if (path === undefined) {
    const { ms, fault } = await askHealth(remote, service, signal);
    return { ms, ended: requests({ answered: ms < Infinity, failed: fault !== undefined }) };
  }
  const { ms, status } = await get(remote, service.port, path, PATIENCE, signal);
  return { ms, ended: requests({ answered: status > 0, failed: status >= 500 }) };
}

const requests = ({ answered, failed }: { answered: boolean; failed: boolean }): Requests => ({
  answers: answered ? 1 : 0,
  serverErrors: answered && failed ? 1 : 0,
  failures: answered ? 0 : 1,
});
