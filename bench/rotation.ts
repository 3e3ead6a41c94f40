import { setTimeout as delay } from 'node:timers/promises';
import type { Stand } from './stand';

/** Milliseconds between two looks; each takes one of the balancer and of ours. */
const LOOK = 10;

export interface RotationSeen {
  /** milliseconds for which a host got no new requests, by host */
  outMs: Record<string, number>;
  /** the most hosts that got none at the same time */
  mostOut: number;
  looks: number;
}

/** Looks at the balancer from outside, without SSH and without Pawl. A host that is `UP 1/2` gets requests. */
export function watchRotation(stand: Stand): { stop(): Promise<RotationSeen> } {
  const stopped = new AbortController();
  const seen: RotationSeen = { outMs: {}, mostOut: 0, looks: 0 };
  const done = (async () => {
    let before = performance.now();
    while (!stopped.signal.aborted) {
      const servers = await stand.servers().catch(() => ({}));
      const now = performance.now();
      const out = Object.entries(servers).filter(([, { says }]) => /^(DRAIN|MAINT|DOWN)/.test(says));
      for (const [host] of out) seen.outMs[host] = (seen.outMs[host] ?? 0) + now - before;
      seen.mostOut = Math.max(seen.mostOut, out.length);
      seen.looks += 1;
      before = now;
      await delay(LOOK);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await done;
      return seen;
    },
  };
}
