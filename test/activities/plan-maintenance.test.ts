/** Mistakes of a maintenance's plan, with a cluster file and a template as people write them, and nobody at home. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMaintenanceMode, planMaintenance } from '../../src/activities/plan/maintenance-mode';
import { openWorlds, type Worlds } from '../../src/activities/world';
import type { Mistake, PawlError } from '../../src/contracts/failures';

const service = (routes: string) => `
    { role: app, unit: web.service, port: 8080, release: { kind: deb, package: web }, health: { path: /health }, routes: [${routes}] }`;
const CLUSTER = `
cluster: test
hosts:
  n1: { address: 127.0.0.1, port: 1, roles: [app, balancer] }
balancers:
  edge: { kind: haproxy, host: n1 }
  inner: { kind: nginx, host: n1 }
services:
  web:${service('{ balancer: edge, backend: web, entry: { port: 80 } }, { balancer: inner, backend: web, entry: { port: 80 } }')}
  api:${service('{ balancer: inner, backend: api, entry: { port: 80 } }')}
  old:${service('{ balancer: inner, backend: old }')}
  lone:${service('')}
maintenance: { template: page.liquid }
`;
/** Bytes that HAProxy takes; nginx takes more. */
const HAPROXY = 12 * 1_024;
const PAGE = '<p>{{ service }}</p>';

let folder: string;
let worlds: Worlds;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-plan-'));
  worlds = openWorlds();
  await writeFile(join(folder, 'cluster.yaml'), CLUSTER);
});
afterAll(async () => {
  await worlds.close();
  await rm(folder, { recursive: true });
});

async function mistakes(template: string, more: object): Promise<Mistake[]> {
  await writeFile(join(folder, 'page.liquid'), template);
  const file = join(folder, 'cluster.yaml');
  const input = parseMaintenanceMode({ cluster: file, content: 'x', durationMinutes: 5, ...more });
  const signal = new AbortController().signal;
  const planned = planMaintenance(input, await worlds.read(file), Date.now(), signal);
  const error: unknown = await planned.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return ((error as PawlError).details as { mistakes: Mistake[] }).mistakes;
}
/** Whether this machine has a key that could be tried decides in which words a host cannot be used. */
const unusable = ({ code }: Mistake) => code === 'AccessDenied' || code === 'HostUnreachable';
const codes = (found: Mistake[]) =>
  found.map((mistake) => (unusable(mistake) ? 'no host' : mistake.code)).sort();

const TOO_LARGE = {
  code: 'tooLarge',
  path: 'maintenance.template',
  value: `${HAPROXY + 1} bytes`,
  rule: `the page of web may have ${HAPROXY} bytes at its balancers`,
};
test.each([
  { service: 'web', bytes: HAPROXY, wrong: ['no host', 'no host'], said: [] },
  { service: 'web', bytes: HAPROXY + 1, wrong: ['no host', 'no host', 'tooLarge'], said: [TOO_LARGE] },
  { service: 'api', bytes: HAPROXY + 1, wrong: ['no host'], said: [] },
])('a page of $bytes bytes for $service: $wrong', async ({ service: name, bytes, wrong, said }) => {
  const found = await mistakes(PAGE + 'x'.repeat(bytes - `<p>${name}</p>`.length), { service: name });
  expect(codes(found)).toEqual(wrong);
  expect(found.filter(({ code }) => code === 'tooLarge')).toEqual(said);
});

test('a service that nobody knows is answered with those that are known', async () => {
  expect(await mistakes(PAGE, { service: 'wbe' })).toEqual([
    {
      code: 'unknownName',
      path: 'service',
      value: 'wbe',
      rule: expect.stringMatching(/web, api, old|did you mean web/) as string,
    },
  ]);
});

test('there is nothing to close where no balancer sends requests', async () => {
  const found = await mistakes(PAGE, { service: 'lone' });
  expect(found).toEqual([
    {
      code: 'noRoutes',
      path: 'services.lone',
      value: 'maintenance',
      rule: 'no balancer sends requests to this service: its routes in the cluster file are empty',
    },
  ]);
});

test('all mistakes come at once: no entry, no variable of this name, nobody there', async () => {
  const found = await mistakes('{{ nothing }}', {});
  expect(codes(found)).toEqual(['badTemplate', 'no host', 'no host', 'no host', 'noEntry']);
  expect(found.find(({ code }) => code === 'noEntry')?.path).toBe('services.old.routes.0.entry');
});
