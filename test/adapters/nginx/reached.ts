/** A real nginx, reached by the adapter over a real sshd. */
import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { nginx } from '../../../src/adapters/load-balancers/nginx';
import { tellServed } from '../../../src/adapters/load-balancers/nginx/examine';
import { openHosts } from '../../../src/adapters/ssh';
import type {
  Fence,
  LoadBalancer,
  RemoteHost,
  TrafficFacts,
  WantedTraffic,
} from '../../../src/contracts/world';
import { until } from '../haproxy/real-haproxy';
import { clusterOf, startSshd } from '../ssh/sshd';
import { startNginx, type TestNginx } from './real-nginx';

export interface Reached {
  real: TestNginx;
  host: RemoteHost;
  balancer: LoadBalancer;
  nextFence(): Fence;
  /** with a newer fence each time */
  set(server: string, wanted: WantedTraffic): Promise<void>;
  drain(server: string, thenOut: boolean): Promise<number>;
  facts(server: string): Promise<TrafficFacts>;
  shows(server: string, wanted: Partial<TrafficFacts>): Promise<void>;
  /** what a person does as the doctor says: nginx tells from now on what it serves */
  tell(): Promise<void>;
  /** the file as it was at first; all servers healthy */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export const signal = new AbortController().signal;
const epoch = Date.now();
const BACKUPS = '/var/lib/pawl/nginx';

export async function reachNginx(): Promise<Reached> {
  const [sshd, real] = await Promise.all([startSshd(), startNginx()]);
  const hosts = openHosts(clusterOf(sshd), { folder: '/' });
  const host = hosts.on('h1');
  const { config, folder, port, upstream } = real;
  const health = { [upstream]: { path: '/health', timeoutSeconds: 1 } };
  const at = { host, config, folder, port, health };
  const balancer = nginx(at);
  let attempt = 0;
  const nextFence = () => ({ epoch, attempt: ++attempt });
  const facts = (server: string) => balancer.server(upstream, server, signal);
  const set = (server: string, wanted: WantedTraffic) =>
    balancer.set(upstream, server, wanted, nextFence(), signal);
  const tell = async () => {
    const command = tellServed(at).replace('systemctl reload-or-restart nginx', 'true');
    await promisify(execFile)('sh', ['-c', command]);
    await real.reload();
  };
  await tell();
  const original = await real.read();
  return {
    real,
    host,
    balancer,
    nextFence,
    set,
    drain: async (server, thenOut) => {
      const wanted = { seen: await facts(server), thenOut };
      return balancer.drain(upstream, server, wanted, nextFence(), signal);
    },
    facts,
    shows: (server, wanted) =>
      until(async () => {
        const seen = await facts(server);
        return Object.entries(wanted).every(([name, value]) => seen[name as keyof TrafficFacts] === value);
      }),
    tell,
    async reset() {
      for (const server of Object.values(real.servers)) server.healthy = true;
      if ((await real.read()) === original) return;
      await real.write(original);
      await tell();
    },
    async stop() {
      await hosts.close();
      await Promise.all([real.stop(), sshd.stop()]);
      for (const folders of [`lanes/nginx/${upstream}`, `wanted/nginx${folder}`])
        await rm(`/var/lib/pawl/${folders}`, { recursive: true, force: true });
      for (const name of [upstream, `${upstream}-nobody`])
        for (const lane of ['maintenance', 'testers'])
          await rm(`/var/lib/pawl/lanes/${lane}/nginx/${name}.fence`, { force: true });
      for (const name of await readdir(BACKUPS))
        if (name.includes(upstream)) await rm(`${BACKUPS}/${name}`, { force: true });
    },
  };
}
