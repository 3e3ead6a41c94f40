import { setTimeout as sleep } from 'node:timers/promises';
import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import { openHosts } from '../../../src/adapters/ssh';
import type { LoadBalancer, RemoteHosts, TrafficFacts, WantedTraffic } from '../../../src/contracts/world';
import { clusterOf, startSshd, type TestSshd } from '../ssh/sshd';
import { startHaproxy, until, type TestHaproxy } from './real-haproxy';

const signal = new AbortController().signal;
let sshd: TestSshd;
let hosts: RemoteHosts;
let real: TestHaproxy;
let balancer: LoadBalancer;
let attempt = 1;
const epoch = Date.now();

beforeAll(async () => {
  [sshd, real] = await Promise.all([startSshd(), startHaproxy()]);
  hosts = openHosts(clusterOf(sshd), { folder: '/' });
  balancer = haproxy({ host: hosts.on('h1'), socket: real.socket });
});

afterAll(async () => {
  await hosts.close();
  await Promise.all([real.stop(), sshd.stop()]);
});

beforeEach(async () => {
  for (const server of Object.values(real.servers)) server.healthy = true;
  for (const server of ['n1', 'n2', 'n3']) {
    await set(server, { state: 'in', weight: 100 });
    await until(async () => (await facts(server)).state === 'in');
  }
});

const set = (server: string, wanted: WantedTraffic) =>
  balancer.set(real.backend, server, wanted, { epoch, attempt: attempt++ }, signal);

async function facts(server: string): Promise<TrafficFacts> {
  return (await balancer.backend(real.backend, signal))[server]!;
}

const shows = (server: string, wanted: Partial<TrafficFacts>) =>
  until(async () => Object.entries(wanted).every(([key, value]) => (value as unknown) === (await0(server))[key]));
