/** Inputs about backups that do not fit the cluster: every mistake at once, and only programs that read have run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities } from '../../src/activities';
import { openWorlds, type World, type Worlds } from '../../src/activities/world';
import { openArtifacts } from '../../src/adapters/artifacts';
import type { Mistake, PawlError } from '../../src/contracts/failures';
import type { Jobs } from '../../src/contracts/world';
import { mistakeText } from '../../src/domain/mistakes';
import { withoutChinese } from '../cli/chinese';
import { backupStore, FILE, idOf, type Said } from './backup-store';

type Name = 'planBackup' | 'lookAtBackups' | 'planRestore' | 'planDrill' | 'planDisasterRecovery';
/** Of hosts: none of them changes anything. */
const READ = ['read-catalogue', 'look-restore', 'look-database', 'run-command'];
const ENTRIES = ['data.db1 02:00', 'data.db1 03:00', 'web.n1 02:00', 'web.n2 02:00', 'web.n3 02:00'];
const folder = mkdtempSync(join(tmpdir(), 'pawl-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const bytes = join(folder, 'web.tar.gz');
writeFileSync(bytes, 'none');

/** A job that is asked for is a fault of its own. */
const jobs = new Proxy({} as Jobs, {
  get: () => {
    throw new Error('a job was asked for');
  },
});

/** @param store null: the world of real files */
async function told(name: Name, input: object, store: Said | null = {}): Promise<string[]> {
  const world = store && backupStore({ file: WITH_WEB, entries: ENTRIES, ...store });
  const read = () => Promise.resolve(world as World);
  const worlds = world ? ({ read, of: read } as unknown as Worlds) : openWorlds();
  const activities: Activities = createActivities({ worlds, jobs, artifacts: openArtifacts(folder) });
  const env = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  const plan = activities[name] as (raw: unknown) => Promise<unknown>;
  const error = await env.run(plan, { cluster: 'cluster.yaml', ...input }).then(
    () => undefined,
    (thrown: unknown) => thrown as PawlError & { details: { mistakes: Mistake[] } },
  );
  if (error && error.type !== 'BadInput') throw error;
  expect(world?.asked.filter(([, script = '']) => !READ.includes(script)) ?? []).toEqual([]);
  const mistakes = error?.details.mistakes ?? [];
  expect(withoutChinese(mistakes)).toEqual([]);
  return mistakes.map((one) => mistakeText(one, 'input'));
}

const WITH_WEB = {
  ...FILE,
  services: {
    web: {
      ...{ role: 'app', unit: 'web.service', port: 8080, health: { path: '/health' }, routes: [] },
      release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
    },
  },
};
const WITHOUT = { ...WITH_WEB, backups: undefined };
const RELEASE = { version: '1.1.0', artifact: { file: join(folder, 'none.tar.gz') } };

describe.each<[Name, object]>([
  ['planBackup', { source: 'data' }],
  ['lookAtBackups', { source: 'data' }],
  ['planRestore', { source: 'data' }],
  ['planDrill', { source: 'data' }],
  ['planDisasterRecovery', { restore: [{ source: 'data' }] }],
])('%s', (name, input) => {
  it('a cluster file that is not there is told by its name', async () => {
    expect(await told(name, { ...input, cluster: '/not/there/cluster.yaml' }, null)).toEqual([
      'cluster.yaml: /not/there/cluster.yaml: the file cannot be read: ENOENT',
    ]);
  });

  it('one that says nothing of backups', async () => {
    expect(await told(name, input, { file: WITHOUT })).toEqual([
      expect.stringMatching(
        /^(cluster|restore): the cluster file says nothing of backups: it needs backups\.store and backups\.sources$/,
      ),
    ]);
  });

  it.each(['dada', 'constructor', '__proto__', 'bk1'])('a source %s that is not there', async (source) => {
    const raw = 'restore' in input ? { restore: [{ source }] } : { source };
    const rules = (await told(name, raw)).join('\n');
    // names of that shape are refused before
    if (source !== '__proto__') expect(rules).toMatch(/there is no such name.*; there are data, web$/);
    expect(rules).toMatch(/^(restore\.0\.)?source: /);
  });
});

it.each<[Name, object, string[]]>([
  ['planBackup', { source: 'web', kind: 'incremental' }, ['kind: incremental: only a full backup']],
  ['planDrill', { source: 'data', host: 'n1' }, ['host: n1: there is no such name; there are db1']],
  [
    'planDrill',
    { source: 'web', host: 'bk1', pick: { id: 'x' } },
    ['host: bk1: ', 'pick.id: x: there is no such name; there are web.n1'],
  ],
  [
    'planDrill',
    { source: 'data', pick: { id: idOf('web.n1 02:00') } },
    [`pick.id: ${idOf('web.n1 02:00')}: there is no such name`],
  ],
  ['planRestore', { source: 'web' }, ['host: whose backup? n1, n2, n3 have some']],
  [
    'planRestore',
    { source: 'data', at: '2126-01-01T00:00:00Z', on: 'n9' },
    ['at: 2126-01-01T00:00:00Z: it lies in the future', 'on: n9: '],
  ],
  [
    'planRestore',
    { source: 'data', at: '2026-01-01T00:00:00Z' },
    ['source: data: there is no backup of it that brings 2026-01-01T00:00:00Z back: '],
  ],
  [
    'planDisasterRecovery',
    { hosts: ['n1', 'n9', 'n1', 'web'] },
    ['hosts.1: n9: there is no such name', 'hosts.2: n1: each host once', 'hosts.3: web: '],
  ],
  [
    'planDisasterRecovery',
    { since: '2126-01-01T00:00:00Z' },
    ['since: 2126-01-01T00:00:00Z: it lies in the future'],
  ],
  [
    'planDisasterRecovery',
    { releases: { wbe: RELEASE, web: RELEASE, constructor: RELEASE } },
    [
      'releases.wbe: there is no such name (did you mean "web"?); there are web',
      'releases.constructor: there is no such name; there are web',
      'releases.web.artifact: /',
    ],
  ],
  [
    'planDisasterRecovery',
    { releases: { web: { version: '1', artifact: { file: bytes, sha256: 'a'.repeat(64) } } } },
    ['releases.web.artifact: /'],
  ],
  [
    'planDisasterRecovery',
    { releases: { web: { version: '1', artifact: { file: bytes } } } },
    ['releases.web.artifact: /'],
  ],
  [
    'planDisasterRecovery',
    {
      hosts: ['n1', 'db1', 'n9'],
      releases: { wbe: RELEASE, web: RELEASE },
      since: '2126-01-01T00:00:00Z',
      restore: [
        { source: 'data', at: '2126-01-01T00:00:00Z' },
        { source: 'data', at: '2026-01-01T00:00:00Z' },
        { source: 'data', backup: idOf('web.n1 02:00') },
        { source: 'web', host: 'db1' },
        { source: 'web', host: 'bk1' },
        { source: 'web', host: 'n2' },
        { source: 'web', host: 'n1' },
        { source: 'web', backup: idOf('web.n1 02:00') },
        { source: 'web', backup: idOf('web.n3 02:00') },
        { source: 'wbe' },
      ],
    },
    [
      'hosts.2: n9: there is no such name',
      'since: ',
      'releases.wbe: there is no such name',
      'restore.0.at: 2126-01-01T00:00:00Z: it lies in the future',
      'restore.3.host: db1: there is no such name; there are n1, n2',
      'restore.4.host: bk1: there is no such name; there are n1, n2',
      'restore.9.source: wbe: there is no such name (did you mean "web"?)',
      'releases.web.artifact: /',
      `restore.2.backup: ${idOf('web.n1 02:00')}: there is no such name`,
      `restore.8.backup: ${idOf('web.n3 02:00')}: it is of n3, and web is of n1, n2`,
      'restore.5: web on n2: n2 is not among `hosts`',
      'restore.7: web on n1: each source comes back to a host once',
      'restore.1.source: data: there is no backup of it on db1 that brings 2026-01-01T00:00:00.000Z back',
    ],
  ],
])('%s says of %j all that is wrong', async (name, input, begins) => {
  const found = await told(name, input);
  expect(found.map((line, nth) => line.slice(0, begins[nth]?.length))).toEqual(begins);
});

it.each<[string, string, string]>([
  [
    'a folder below /',
    'trouble /srv lies directly below /: a host is broken while that is swapped. Restore it to another folder, and copy what is needed',
    'restore.0: /srv: lies directly below /',
  ],
  ['too little room', 'free 8 1', 'restore.0: db1: 1 MiB are free where it comes back'],
  [
    'a unit that is not there',
    'nounit mariadb.service',
    'restore.0: mariadb.service: there is no such unit there: correct it',
  ],
])(
  'what a host has against what was asked for is told before any look for damage: %s',
  async (_, line, begins) => {
    const input = { restore: [{ source: 'data', backup: idOf('data.db1 03:00') }] };
    expect(await told('planDisasterRecovery', input, { looks: [line] })).toEqual([
      expect.stringMatching(new RegExp(`^${begins}`)),
    ]);
  },
);
