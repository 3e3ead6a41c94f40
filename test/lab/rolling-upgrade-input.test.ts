import { createHash } from 'node:crypto';
import { chmod, link, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mistake } from '../../src/contracts/failures';
import { makeRelease } from '../../lab/service';
import { run } from '../../lab/hosts/command';
import { until } from '../../lab/hosts/wait';
import type { Artifact } from '../../lab/service/release';
import { Ground, ended, reached } from './ground';
import { makeBrokenRelease, makeOddRelease } from './odd-releases';
import { expectAllIn, installed, startsFromNow } from './whole-run';

const HOSTS = ['n1', 'n2', 'n3'];
const VERSION = '1.1.0';

let ground: Ground;
let artifact: Artifact;
let started: Awaited<ReturnType<typeof startsFromNow>>;
beforeAll(async () => {
  ground = await Ground.up('test-inputs', HOSTS.length);
  artifact = await makeRelease({ version: VERSION });
  started = await startsFromNow(ground);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
// whatever was wrong, nobody was touched
afterEach(async () => {
  expect(await started()).toEqual({});
  expect(await Promise.all(HOSTS.map((host) => installed(ground, host)))).toEqual(HOSTS.map(() => '1.0.0'));
  await expectAllIn(ground);
});
jest.setTimeout(60_000);

/** No dry runs: what is refused is refused before anything is done. */
async function mistakesOf(input: object): Promise<Pick<Mistake, 'code' | 'path' | 'value' | 'rule'>[]> {
  const { end, message, details } = await ended(await ground.start({ version: VERSION, artifact, ...input }));
  expect([end, message]).toEqual(['BadInput', expect.stringContaining('nothing was touched')]);
  return (details[0] as { mistakes: Mistake[] }).mistakes;
}

it.each<{ input: object; code: string; path: string; value?: string; rule: string }>([
  {
    input: { service: 'wbe' },
    code: 'unknownName',
    path: 'service',
    value: 'wbe',
    rule: 'there is no such name (did you mean "web"?); there are web, webdeb',
  },
  { input: { service: 'constructor' }, code: 'unknownName', path: 'service', rule: 'there are web, webdeb' },
  {
    input: { hosts: ['n1', 'n9'] },
    code: 'unknownName',
    path: 'hosts.1',
    value: 'n9',
    rule: 'there are n1, n2, n3',
  },
  { input: { hosts: ['lb1'] }, code: 'unknownName', path: 'hosts.0', rule: 'there are n1, n2, n3' },
  {
    input: { hosts: ['n1', 'n2', 'n1'] },
    code: 'twice',
    path: 'hosts.2',
    value: 'n1',
    rule: 'each host once',
  },
  { input: { batches: [2, 1, '100%'] }, code: 'doesNotRise', path: 'batches.1', rule: 'must rise' },
  { input: { batches: ['60%', '30%', '100%'] }, code: 'doesNotRise', path: 'batches.1', rule: 'must rise' },
  { input: { batches: [1] }, code: 'incomplete', path: 'batches.0', rule: 'must reach 100%' },
  { input: { batches: [1, '99%', 5] }, code: 'outOfRange', path: 'batches.2', rule: 'there are 3 hosts' },
  {
    input: { maxUnavailable: 3 },
    code: 'nobodyServing',
    path: 'maxUnavailable',
    rule: 'leave nobody serving',
  },
  {
    input: { maxUnavailable: '100%' },
    code: 'nobodyServing',
    path: 'maxUnavailable',
    rule: 'leave nobody serving',
  },
  {
    input: { artifact: { file: 'not/there.tar.gz' } },
    code: 'BadInput',
    path: 'artifact',
    value: 'not/there.tar.gz',
    rule: 'there is no file',
  },
  { input: { artifact: { file: '/tmp' } }, code: 'BadInput', path: 'artifact', rule: 'there is no file' },
  {
    input: { artifact: { url: 'http://169.254.169.254/latest/meta-data', sha256: 'a'.repeat(64) } },
    code: 'ArtifactRefused',
    path: 'artifact',
    rule: 'is not allowed',
  },
  {
    input: { artifact: { url: 'http://localhost:8080/web.tar.gz', sha256: 'a'.repeat(64) } },
    code: 'ArtifactRefused',
    path: 'artifact',
    rule: 'the cluster file allows no URL (artifacts.allowedUrls)',
  },
])('$code at $path: $rule', async ({ input, ...wanted }) => {
  const found = (await mistakesOf(input)).find(({ path }) => path === wanted.path);
  expect(found).toMatchObject({ ...wanted, rule: expect.stringContaining(wanted.rule) });
});

it('a wrong checksum is told with the right one', async () => {
  const [mistake] = await mistakesOf({ artifact: { ...artifact, sha256: 'a'.repeat(64) } });
  expect(mistake).toMatchObject({ code: 'ChecksumMismatch', path: 'artifact' });
  expect(mistake!.rule).toContain(artifact.sha256);
});

it('a cluster file that is not there, or broken, is told by its name', async () => {
  expect(await mistakesOf({ cluster: '/not/there/cluster.yaml' })).toEqual([
    { code: 'unreadable', path: 'cluster.yaml', value: '/not/there/cluster.yaml', rule: expect.any(String) },
  ]);
  const broken = join(ground.cluster, '..', 'broken.yaml');
  await writeFile(broken, (await readFile(ground.cluster, 'utf8')).replace('port: 8080', 'port: 70000'));
  expect(await mistakesOf({ cluster: broken })).toEqual([
    expect.objectContaining({ code: 'outOfRange', path: expect.stringMatching(/^broken.yaml:\d+:\d+ /) }),
  ]);
});

it('all mistakes are told at once, those of the hosts among them', async () => {
  const mistakes = await mistakesOf({
    hosts: ['n1', 'n1', 'n7', 'n2', 'n3'],
    batches: [2, 1, '100%'],
    maxUnavailable: 3,
    artifact: { file: 'no.tar.gz' },
    service: 'webdeb',
  });
  expect(mistakes.map(({ path, code }) => `${path} ${code}`).sort()).toEqual(
    [
      'artifact BadInput',
      'batches.1 doesNotRise',
      'hosts.1 twice',
      'hosts.2 unknownName',
      ...HOSTS.flatMap((host) => [`hosts.${host} noRelease`, `hosts.${host} noUnit`]),
      ...HOSTS.map((host) => `hosts.${host} notInRotation`),
      'maxUnavailable nobodyServing',
    ].sort(),
  );
});

describe('a release may not hold', () => {
  it.each<{ what: string; change: (folder: string) => Promise<unknown>; tar?: string[]; rule: string }>([
    {
      what: 'a symlink',
      change: (folder) => symlink('/etc/shadow', join(folder, 'shadow')),
      rule: 'only regular files and folders',
    },
    {
      what: 'a hard link',
      change: (folder) => link(join(folder, 'version'), join(folder, 'again')),
      rule: 'only regular files and folders',
    },
    {
      what: 'a device',
      change: (folder) => run('mknod', [join(folder, 'null'), 'c', '1', '3']),
      rule: 'only regular files and folders',
    },
    {
      what: 'a pipe',
      change: (folder) => run('mkfifo', [join(folder, 'pipe')]),
      rule: 'only regular files and folders',
    },
    {
      what: 'a set-user-id file',
      change: (folder) => chmod(join(folder, 'bin/web'), 0o4755),
      rule: 'set-user-id',
    },
    {
      what: 'a set-group-id folder',
      change: (folder) => chmod(join(folder, 'bin'), 0o2755),
      rule: 'set-group-id',
    },
    {
      what: 'a way up',
      change: () => Promise.resolve(),
      tar: ['--absolute-names', '--transform', 's,^./version,./../../version,'],
      rule: 'leads outside',
    },
    {
      what: 'an absolute path',
      change: () => Promise.resolve(),
      tar: ['--absolute-names', '--transform', 's,^./version,/etc/version,'],
      rule: 'leads outside',
    },
  ])('$what', async ({ what, change, tar, rule }) => {
    const odd = await makeOddRelease(`1.1.0-${idOf(what)}`, change, tar);
    expect(await mistakesOf({ artifact: odd })).toEqual([
      expect.objectContaining({
        code: 'ArtifactRefused',
        path: 'artifact',
        rule: expect.stringContaining(rule),
      }),
    ]);
  });

  it.each<{ what: string; write: (target: string) => Promise<unknown>; rule: string }>([
    {
      what: 'nothing',
      write: (target) => run('tar', ['-czf', target, '-T', '/dev/null']),
      rule: 'it is empty',
    },
    { what: 'text', write: (target) => writeFile(target, 'hello\n'), rule: 'no .tar.gz archive' },
    { what: 'no bytes', write: () => Promise.resolve(), rule: 'no .tar.gz archive' },
    {
      what: 'half of itself',
      write: async (target) => {
        await writeFile(target, await readFile(artifact.file));
        await truncate(target, 2_000);
      },
      rule: 'no .tar.gz archive',
    },
    {
      what: 'a page of an error',
      write: (target) => writeFile(target, '<!doctype html><title>404</title>'),
      rule: 'no .tar.gz archive',
    },
  ])('$what', async ({ what, write, rule }) => {
    const broken = await makeBrokenRelease(`1.1.0-${idOf(what)}`, write);
    expect(await mistakesOf({ artifact: broken })).toEqual([
      expect.objectContaining({ code: 'ArtifactRefused', rule: expect.stringContaining(rule) }),
    ]);
  });
});

const idOf = (what: string) => createHash('sha256').update(what).digest('hex').slice(0, 8);

it('a line break in a name makes no other entry of it', async () => {
  const name = 'a\nlrwxrwxrwx root';
  const odd = await makeOddRelease('1.1.0-break', (folder) => writeFile(join(folder, name), ''));
  const { end } = await ended(await ground.start({ version: VERSION, artifact: odd, dryRun: true }));
  expect(end).toBe('planned');
});

describe('a host', () => {
  it('that is out of rotation, or drained by somebody, is not begun with', async () => {
    await ground.haproxy('set server web/n1 state maint');
    await ground.haproxy('set server web/n2 state drain');
    const mistakes = await mistakesOf({});
    await ground.haproxy('set server web/n1 state ready;set server web/n2 state ready');
    expect(mistakes.map(({ path, code, value }) => [path, code, value])).toEqual([
      ['hosts.n1', 'notInRotation', 'MAINT'],
      ['hosts.n2', 'notInRotation', 'DRAIN'],
    ]);
    await states({ n1: 'UP', n2: 'UP', n3: 'UP' });
  });

  it('whose service is down is told by itself and by its balancer', async () => {
    await ground.inside('n3', 'systemctl', 'stop', 'web');
    await states({ n3: 'DOWN' });
    const mistakes = await mistakesOf({});
    await ground.inside('n3', 'systemctl', 'start', 'web');
    expect(mistakes.map(({ path, code, value }) => [path, code, value])).toEqual([
      ['hosts.n3', 'notInRotation', 'DOWN'],
      ['hosts.n3', 'notActive', 'inactive'],
    ]);
    await states({ n1: 'UP', n2: 'UP', n3: 'UP' });
    started = await startsFromNow(ground);
  });

  it('whose release is no link has no way back', async () => {
    await ground.inside('n1', 'sh', '-c', 'cd /opt/web && mv current link && cp -r releases/1.0.0 current');
    const mistakes = await mistakesOf({});
    await ground.inside('n1', 'sh', '-c', 'cd /opt/web && rm -r current && mv link current');
    expect(mistakes.map(({ path, code }) => [path, code])).toEqual([['hosts.n1', 'noRelease']]);
  });
});

/** HAProxy takes two checks to believe it. */
function states(wanted: Record<string, string>): Promise<boolean> {
  return until(`servers are ${JSON.stringify(wanted)}`, 10, async () => {
    const found = await ground.servers();
    return Object.entries(wanted).every(([name, state]) => found[name] === state) || undefined;
  });
}

it('another release of the same name on a host is kept, and nobody leaves rotation', async () => {
  const version = '1.1.0-taken';
  await ground.inside('n2', 'mkdir', `/opt/web/releases/${version}`);
  const { end, message } = await ended(
    await ground.start({ version, artifact: await makeRelease({ version }) }),
  );
  expect([end, message]).toEqual([
    'Failed',
    expect.stringContaining(`/opt/web/releases/${version} holds other bytes than the planned ones`),
  ]);
  expect(await ground.inside('n2', 'ls', `/opt/web/releases/${version}`)).toBe('');
});

it('the version that runs already leaves nothing to do', async () => {
  const { end, message } = await ended(
    await ground.start({ version: '1.0.0', artifact: await makeRelease({ version: '1.0.0' }) }),
  );
  expect([end, message]).toEqual(['succeeded', 'nothing to do: every host runs web 1.0.0 already']);
});

it('a dry run plans and touches nobody, and the real one has the same hash', async () => {
  const input = { version: VERSION, artifact, approvals: ['before'] };
  const dry = await ended(await ground.start({ ...input, dryRun: true }));
  expect(dry.end).toBe('planned');
  const handle = await ground.start(input);
  const { planHash } = await reached(handle, ({ phase }) => phase === 'awaitingApproval');
  await handle.executeUpdate('reject', { args: [{ by: 'ann' }] });
  expect([(await ended(handle)).end, planHash]).toEqual(['Aborted', dry.report.planHash]);
});

it('an id of more than 1,000 characters is refused by the server', async () => {
  await expect(ground.start({ version: VERSION, artifact }, 'x'.repeat(1_001))).rejects.toThrow();
});
