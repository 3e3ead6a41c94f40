import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pawl } from '../../src/cli/program';
import { Recorder } from './recorder';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-cluster-'))));
afterAll(() => rmSync(folder, { recursive: true }));

async function check(text: string, ...flags: string[]) {
  const file = join(folder, 'cluster.yaml');
  writeFileSync(file, text);
  const terminal = new Recorder();
  const code = await pawl(['cluster', 'check', file, ...flags], terminal);
  return { code, out: terminal.out, err: terminal.err };
}

const good = `cluster: two
hosts:
  n1: { roles: [app] }
  lb1: { roles: [balancer] }
balancers:
  edge: { kind: haproxy, host: lb1 }
services:
  web:
    role: app
    unit: web.service
    port: 8080
    release: { kind: tarball, releases: /opt/web/releases, current: /opt/web/current }
    health: { path: /health }
    routes: [{ balancer: edge, backend: web }]
`;

it('says what a good file holds', async () => {
  expect(await check(good)).toEqual({
    code: 0,
    out: 'ok: cluster two: 2 hosts; balancers edge; services web on n1\n',
    err: '',
  });
  const { out } = await check(good, '--json');
  expect(JSON.parse(out)).toEqual({
    ok: true,
    cluster: 'two',
    hosts: 2,
    balancers: ['edge'],
    services: { web: ['n1'] },
  });
});

it('tells every mistake with its line and column', async () => {
  const bad = good.replace('8080', '70000').replace('roles: [balancer]', 'role: balancer');
  const { code, out, err } = await check(bad);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^ {2}✖ cluster\.yaml:4:\d+ hosts\.lb1\.role/m);
  expect(err).toMatch(/^ {2}✖ cluster\.yaml:11:11 services\.web\.port +70000 /m);
  const json = await check(bad, '--json');
  expect(json).toMatchObject({ code: 2, err: '' });
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    mistakes: expect.arrayContaining([expect.objectContaining({ value: '70000' })]),
  });
});

it('tells of a file that is not there', async () => {
  const terminal = new Recorder();
  expect(await pawl(['cluster', 'check', join(folder, 'none.yaml')], terminal)).toBe(2);
  expect(terminal.err).toContain('none.yaml');
});
