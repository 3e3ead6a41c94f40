import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { openBalancer } from '../../../src/adapters/load-balancers';
import { nginx } from '../../../src/adapters/load-balancers/nginx';
import { Cluster } from '../../../src/contracts/cluster';
import { reachNginx, signal, type Reached } from './reached';

let at: Reached;
beforeAll(async () => (at = await reachNginx()));
afterAll(() => at?.stop());

const health = { path: '/health', timeoutSeconds: 1 };
const examine = (upstreams = [at.real.upstream], port = at.real.port) => {
  const { config, folder } = at.real;
  const behind = Object.fromEntries(upstreams.map((name) => [name, health]));
  return nginx({ host: at.host, config, folder, port, health: behind }).examine(signal);
};

it('has no complaint where all is there', async () => {
  expect(await examine()).toEqual([]);
});

it('tells what is missing, one thing after the other, with the command that mends it', async () => {
  const { config, folder, upstream } = at.real;
  const good = await readFile(config, 'utf8');
  expect(await examine(['other'])).toMatchObject([
    { code: 'noServers', what: expect.stringContaining(`${folder}/other.servers`) as string },
  ]);
  await writeFile(config, good.replace(/include .*\.servers;/, 'server 127.0.0.1:1;'));
  expect(await examine()).toMatchObject([
    { code: 'notIncluded', what: expect.stringContaining(`belongs into upstream ${upstream}`) as string },
  ]);
  await writeFile(config, good.replace(/include .*served\.conf;/, ''));
  expect(await examine()).toMatchObject([
    { code: 'noMarker', mend: expect.stringContaining(`include ${folder}/served.conf;`) as string },
  ]);
  await writeFile(config, `${good}nonsense;`);
  expect(await examine()).toMatchObject([
    { code: 'notTested', what: expect.stringContaining('nonsense') as string },
  ]);
  await writeFile(config, good);
});

it('mends with its command what was changed by hand', async () => {
  await at.real.write((await at.real.read()).replace('weight=100; # n1', 'weight=5; # n1'));
  const [complaint] = await examine();
  expect(complaint).toMatchObject({ code: 'notServed' });
  await promisify(execFile)('sh', ['-c', complaint!.mend.replace(/systemctl reload.*/, 'true')]);
  await at.real.reload();
  expect(await examine()).toEqual([]);
  expect(await at.facts('n1')).toMatchObject({ state: 'in', weight: 5 });
});

it('is opened by the cluster file, with the health of the services behind it', async () => {
  const { config, folder, port, upstream } = at.real;
  const cluster = Cluster.parse({
    cluster: 'test',
    hosts: { h1: { roles: ['balancer', 'app'] } },
    balancers: { inner: { kind: 'nginx', host: 'h1', config, folder, port } },
    services: {
      web: {
        role: 'app',
        unit: 'web.service',
        port: 8080,
        release: { kind: 'deb', package: 'web' },
        health: { path: '/health?ill' },
        routes: [{ balancer: 'inner', backend: upstream }],
      },
    },
  });
  const hosts = { on: () => at.host, close: () => Promise.resolve() };
  at.real.servers['n1']!.healthy = false;
  const facts = await openBalancer('inner', cluster, hosts).server(upstream, 'n1', signal);
  expect(facts).toMatchObject({ state: 'down', says: expect.stringContaining('/health?ill') as string });
});
