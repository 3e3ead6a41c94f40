/** What one look carries stays within a payload, however much is wrong; hosts in memory, a real git repository. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { simpleGit } from 'simple-git';
import { driftActivities } from '../../src/activities/config-drift';
import type { World, Worlds } from '../../src/activities/world';
import type { DriftLook } from '../../src/contracts/config-drift';
import { Cluster } from '../../src/contracts/cluster';
import { PawlError } from '../../src/contracts/failures';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-drift-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const HOSTS = Array.from({ length: 60 }, (_, n) => `n${n + 1}`);
const FILES = Array.from({ length: 30 }, (_, n) => `f${n}.conf`);
const LONG = Array.from({ length: 1_500 }, (_, n) => `line ${n}`).join('\n');

async function world(answer: (host: string) => string): Promise<Worlds> {
  mkdirSync(join(folder, 'config/web/files'), { recursive: true });
  const targets = FILES.map((file) => `  - { path: /etc/web/${file}, source: ${file}, after: nothing }`);
  writeFileSync(join(folder, 'config/web/config.yaml'), `role: app\ntargets:\n${targets.join('\n')}\n`);
  for (const file of FILES) writeFileSync(join(folder, 'config/web/files', file), 'as it shall be\n');
  const git = simpleGit(join(folder, 'config'));
  await git.init(['--initial-branch=main']);
  await git.addConfig('user.name', 'ann');
  await git.addConfig('user.email', 'ann@example.org');
  await git.add(['--all']);
  await git.commit('first');
  const cluster = Cluster.parse({
    cluster: 'fake',
    hosts: Object.fromEntries(HOSTS.map((name) => [name, { roles: ['app'] }])),
    ...{ balancers: {}, services: {}, config: { repository: 'config' } },
  });
  const on = (name: string) => ({
    name,
    run: () => Promise.resolve({ code: 0, stdout: answer(name), stderr: '', truncated: false }),
  });
  const fake = { cluster, folder, hosts: { on } } as unknown as World;
  return { read: () => Promise.resolve(fake) } as unknown as Worlds;
}

async function look(worlds: Worlds, input: object = {}): Promise<DriftLook> {
  const client = {
    withAbortSignal: (_signal: unknown, work: () => unknown) => work(),
    workflow: { getHandle: () => ({ describe: () => Promise.resolve({ status: { name: 'COMPLETED' } }) }) },
  };
  const environment = new MockActivityEnvironment({}, { client: client as never });
  const asked = { cluster: 'cluster.yaml', service: 'web', revision: 'main', ...input };
  const found: unknown = await environment.run(driftActivities(worlds).findDrift, asked);
  return found as DriftLook;
}

it('says how much it has left out, of findings and of diffs', async () => {
  const edited = (host: string) =>
    FILES.map((file) => {
      const content = Buffer.from(`${host} ${file}\n${LONG}`).toString('base64');
      const sum = `${host}x`.padEnd(64, '0');
      return `is 0644 root root file ${sum} /etc/web/${file}\ncontent ${content}`;
    }).join('\n');
  const found = await look(await world(edited));
  expect([found.findings.length, found.moreFindings]).toEqual([1_000, 800]);
  expect([found.diffs.length, found.moreDiffs]).toEqual([40, 1_760]);
  expect(found.diffs[0]!.text).toMatch(/… 1,?\d+ more lines$/);
  expect(Object.values(found.keys).flat()).toHaveLength(1_800);
  expect(Buffer.byteLength(JSON.stringify(found))).toBeLessThan(600_000);
}, 30_000);

it('goes on where hosts give no answer, and what is the same on several is one diff', async () => {
  const answer = (host: string) => {
    if (host === 'n2') throw new PawlError('HostUnreachable', 'n2: timed out');
    return host === 'n1' || host === 'n3'
      ? `is 0644 root root file ${'e'.repeat(64)} /etc/web/f0.conf\ncontent ${Buffer.from('new\n').toString('base64')}`
      : '';
  };
  const found = await look(await world(answer), { hosts: ['n1', 'n2', 'n3', 'n4'] });
  expect(found.findings.map(({ host, kind }) => `${host} ${kind}`)).toEqual([
    ...['n1 edited', 'n2 unreachable', 'n3 edited'],
  ]);
  expect(found.diffs).toEqual([
    { path: '/etc/web/f0.conf', hosts: ['n1', 'n3'], text: expect.stringContaining('-as it shall be\n+new') },
  ]);
  // what is no service of the cluster file is brought by nobody
  expect(found.correction).toBeNull();
  expect(found.hosts.map(({ is }) => is)).toEqual(['drifted', 'unreachable', 'drifted', 'asWanted']);
});

it('asks for a revision where there is no release', async () => {
  await expect(look(await world(() => ''), { revision: undefined })).rejects.toThrow(
    'the config centre has no release of web: name a branch or a commit',
  );
});
