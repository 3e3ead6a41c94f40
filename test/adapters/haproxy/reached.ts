/** A real HAProxy, reached by the adapter over a real sshd. */
import { rm } from 'node:fs/promises';
import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import { openHosts } from '../../../src/adapters/ssh';
import type {
  Fence,
  LoadBalancer,
  RemoteHost,
  TrafficFacts,
  WantedTraffic,
} from '../../../src/contracts/world';
import { clusterOf, startSshd } from '../ssh/sshd';
import { startHaproxy, until, type HaproxyOptions, type TestHaproxy } from './real-haproxy';

export interface Reached {
  real: TestHaproxy;
  host: RemoteHost;
  balancer: LoadBalancer;
  /** newer than all before */
  nextFence(): Fence;
  /** with a newer fence each time */
  set(server: string, wanted: WantedTraffic): Promise<void>;
  facts(server: string): Promise<TrafficFacts>;
  /** requests that are left there, those of replaced processes included; changes nothing */
  left(server: string): Promise<number>;
  /** waits until the balancer shows all of this */
  shows(server: string, wanted: Partial<TrafficFacts>): Promise<void>;
  /** all servers in at weight 100, healthy, exactly up */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export const signal = new AbortController().signal;
const epoch = Date.now();

export async function reachHaproxy(options: HaproxyOptions = {}): Promise<Reached> {
  const [sshd, real] = await Promise.all([startSshd(), startHaproxy(options)]);
  const hosts = openHosts(clusterOf(sshd), { folder: '/' });
  const host = hosts.on('h1');
  const stateFile = options.readsState ? real.stateFile : undefined;
  const balancer = haproxy({ host, socket: real.socket, stateFile });
  let attempt = 0;
  const nextFence = () => ({ epoch, attempt: ++attempt });
  const set = (server: string, wanted: WantedTraffic) =>
    balancer.set(real.backend, server, wanted, nextFence(), signal);
  const facts = async (server: string) => (await balancer.backend(real.backend, signal))[server]!;
  const shows = (server: string, wanted: Partial<TrafficFacts>) =>
    until(async () => {
      const seen = await facts(server);
      return Object.entries(wanted).every(([name, value]) => seen[name as keyof TrafficFacts] === value);
    });
  const left = async (server: string) => {
    // of a server that is out it only counts
    const seen: TrafficFacts = { ...(await facts(server)), state: 'out' };
    return balancer.drain(real.backend, server, { seen, thenOut: false }, nextFence(), signal);
  };
  return {
    real,
    host,
    balancer,
    nextFence,
    set,
    facts,
    left,
    shows,
    async reset() {
      for (const [name, server] of Object.entries(real.servers)) {
        server.healthy = true;
        await set(name, { state: 'in', weight: 100 });
        await shows(name, { state: 'in', sessions: 0 });
      }
    },
    async stop() {
      await hosts.close();
      await Promise.all([real.stop(), sshd.stop()]);
      await rm(`/var/lib/pawl/wanted/haproxy${real.folder}`, { recursive: true, force: true });
      for (const lanes of [real.backend, `${real.backend}-fixed`, `${real.backend}-none`])
        await rm(`/var/lib/pawl/lanes/haproxy/${lanes}`, { recursive: true, force: true });
    },
  };
}
