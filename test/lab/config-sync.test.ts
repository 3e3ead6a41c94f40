/** Releases that come by themselves to real hosts, and changes of people who may not. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { mirrorOf } from '../../src/adapters/config-centre/mirror';
import type { SyncReport } from '../../src/contracts/config-sync';
import { recordText } from '../../src/adapters/config-centre/repository';
import { SignedCentre } from '../adapters/config-centre/people';
import { ended, Ground, reached } from './ground';
import { expectAllIn, underLoad } from './whole-run';

jest.setTimeout(180_000);
const NAME = 'test-config-sync';
const ANN = 'ann@example.org';
const FILE = '/etc/web/settings.json';
const CONFIG = `targets:
  - { path: ${FILE}, source: settings.json.liquid, after: { restart: web.service }, served: { port: 8080, path: /config, contains: '{{ revision }}' } }
`;
const settings = (nonce: number) => ({
  'web/files/settings.json.liquid': `{ "revision": "{{ revision }}", "nonce": ${nonce}, "add": {{ add }} }\n`,
});
let ground: Ground;
let centre: SignedCentre;
let url: string;

beforeAll(async () => {
  ground = await Ground.up(NAME, 2);
  centre = new SignedCentre();
  url = `file://${centre.repository}`;
  const keys = join(dirname(ground.cluster), 'allowed-signers');
  writeFileSync(keys, readFileSync(centre.signersFile));
  const cluster = parse(readFileSync(ground.cluster, 'utf8')) as Record<string, unknown>;
  cluster['config'] = {
    repository: url,
    rights: {
      allowedSigners: 'allowed-signers',
      rules: [
        { paths: ['web/**'], signers: [ANN] },
        { paths: ['web/values.yaml'], requesters: ['configSync'] },
      ],
    },
    sync: {
      web: {
        ...{ batches: [1, '100%'], minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1 },
        ...{ drain: { deadlineSeconds: 60 }, gate: { enabled: false } },
      },
    },
  };
  writeFileSync(ground.cluster, stringify(cluster));
  centre.commit('ann', { 'web/config.yaml': CONFIG, 'web/values.yaml': 'add: 0\n', ...settings(1) });
}, 300_000);
afterAll(async () => {
  await ground?.remove();
  centre?.remove();
  rmSync(mirrorOf(url), { recursive: true, force: true });
}, 60_000);

function tag(who: string, name: string): string {
  const record = { what: name, why: 'a test', impact: 'none', rollback: 'by itself' };
  centre.gitAs(who, {}, 'tag', '--sign', `--message=${recordText(record)}`, name);
  return centre.head().slice(0, 12);
}
async function sync(): Promise<SyncReport> {
  const run = await ground.client.workflow.start('configSync', {
    ...{ taskQueue: 'pawl', workflowId: `sync-${Date.now()}`, args: [{ cluster: ground.cluster }] },
  });
  return (await run.result()) as SyncReport;
}
const changeOf = (name: string) =>
  ground.client.workflow.getHandle(`sync:${NAME}:${name.replaceAll('/', ':')}`);
const hosts = ['n1', 'n2'];
const standOn = () =>
  Promise.all(
    hosts.map((host) => ground.inside(host, 'sh', '-c', `cat ${FILE}; stat -c '%a %U %Y' ${FILE}`)),
  );
const current = async (host: string) =>
  (await ground.inside(host, 'cat', '/var/lib/pawl/config/web/current')).split(' ')[1];

it('a signed release comes by itself, without losing a request, and is served', async () => {
  expect((await sync()).summary).toBe('web: it has no release with a whole record');
  const revision = tag('ann', 'web/2026-11-29.1');
  const seen = await underLoad(ground, async () => {
    expect((await sync()).summary).toBe(`web: web/2026-11-29.1 is brought by sync:${NAME}:web:2026-11-29.1`);
    return ended(changeOf('web/2026-11-29.1'));
  });
  expect([seen.result.end, seen.result.message]).toEqual([
    'succeeded',
    `web has configuration ${revision} on 2 hosts`,
  ]);
  expect(seen.requests.failed).toBe(0);
  expect(seen.result.report.notes).toEqual(
    expect.arrayContaining([
      'asked for by configSync',
      `record signed by ${ANN}`,
      `commit ${revision} signed by ${ANN}`,
    ]),
  );
  for (const host of hosts) expect(await current(host)).toBe(revision);
  await expectAllIn(ground);
  expect((await sync()).summary).toBe('web: every host has web/2026-11-29.1');
});

it('a change that nobody who may has signed is refused, told, and touches nothing; the next one is brought', async () => {
  const before = await standOn();
  const rogue = centre.commit('eve', settings(2));
  centre.commit('ann', { 'other/x': 'y' });
  tag('ann', 'web/2026-11-29.2');
  await sync();
  const { end, message } = await ended(changeOf('web/2026-11-29.2'));
  expect(end).toBe('BadInput');
  expect(message).toContain(
    `${rogue.slice(0, 12)} web/files/settings.json.liquid: signed with a key that allowedSigners does not know, SHA256:`,
  );
  expect(message).toContain(`a commit signed by ${ANN} may change it`);
  expect(await standOn()).toEqual(before);
  // it is not tried again
  expect((await sync()).summary).toContain('web/2026-11-29.2 was started before');
  // who puts it right does so by commits that count
  centre.git('reset', '--quiet', '--hard', `${rogue}~1`);
  centre.git('tag', '--delete', 'web/2026-11-29.2');
  centre.commit('eve!', { 'web/values.yaml': 'add: 3\n' });
  const revision = tag('eve', 'web/2026-11-29.3');
  await sync();
  const fine = await ended(changeOf('web/2026-11-29.3'));
  expect(fine.end).toBe('succeeded');
  expect(fine.report.notes.join('\n')).toContain(
    'record signed with a key that allowedSigners does not know',
  );
  for (const host of hosts) expect(await current(host)).toBe(revision);
});

it('it does not go back by itself, and goes on without the repository once a plan has its commit', async () => {
  centre.git('tag', '--delete', 'web/2026-11-29.3');
  expect((await sync()).summary).toMatch(
    /^web: web\/2026-11-29.1 is not started: n1 has \w+, which does not come before it$/,
  );
  // from here on nobody answers at the URL
  const revision = centre.commit('ann', settings(4)).slice(0, 12);
  const run = await ground.startAs('configCanary', {
    ...{ revision: 'main', by: 'configSync', batches: [1, '100%'], approvals: ['afterFirstBatch'] },
    record: { what: 'a', why: 'b', impact: 'c', rollback: 'd' },
    ...{ minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1, gate: { enabled: false } },
  });
  await reached(run, ({ phase }) => phase === 'awaitingApproval', 60_000);
  renameSync(centre.repository, `${centre.repository}.away`);
  try {
    await run.executeUpdate('approve', { args: [{ by: 'ann' }] });
    const { end, message } = await ended(run);
    expect([end, message]).toEqual(['succeeded', `web has configuration ${revision} on 2 hosts`]);
  } finally {
    renameSync(`${centre.repository}.away`, centre.repository);
  }
});
