/** What is refused of inputs about backups by their shape alone, all of it at once. */
import type { z } from 'zod';
import { parsePlanInput } from '../../src/activities/plan/input';
import { BackupInput } from '../../src/contracts/inputs/backup';
import { BackupsInput } from '../../src/contracts/inputs/backups';
import { DisasterRecoveryInput } from '../../src/contracts/inputs/disaster-recovery';
import { RestoreInput } from '../../src/contracts/inputs/restore';
import { RestoreDrillInput } from '../../src/contracts/inputs/restore-drill';
import { PawlError, type Mistake } from '../../src/contracts/failures';
import { mistakeText } from '../../src/domain/mistakes';
import { withoutChinese } from '../cli/chinese';

const INPUTS = {
  backup: BackupInput,
  backups: BackupsInput,
  restore: RestoreInput,
  restoreDrill: RestoreDrillInput,
  disasterRecovery: DisasterRecoveryInput,
};
type Name = keyof typeof INPUTS;
const GOOD: Record<Name, object> = {
  backup: { cluster: 'c.yaml', source: 'shop-data' },
  backups: { cluster: 'c.yaml' },
  restore: { cluster: 'c.yaml', source: 'shop-data' },
  restoreDrill: { cluster: 'c.yaml', source: 'shop-data' },
  disasterRecovery: { cluster: 'c.yaml' },
};
const NAMES = Object.keys(INPUTS) as Name[];

/** One line each, as people read them. */
function told(name: Name, input: unknown): string[] {
  const schema: z.ZodType = INPUTS[name];
  try {
    parsePlanInput(schema, input);
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
    const { mistakes } = error.details as { mistakes: Mistake[] };
    expect(withoutChinese(mistakes)).toEqual([]);
    return mistakes.map((one) => mistakeText(one, 'input'));
  }
}

it.each(NAMES)('%s fills in safe defaults', (name) => expect(told(name, GOOD[name])).toEqual([]));

describe.each(NAMES)('%s', (name) => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'input: needed: a map'],
    ['null', null, 'input: null: must be a map'],
    ['a list', [GOOD[name]], 'input: a list of 1: must be a map'],
    ['text', 'c.yaml', 'input: c.yaml: must be a map'],
    ['a cluster file of no name', { ...GOOD[name], cluster: '' }, 'cluster: (empty): a path, at most 1,000'],
    [
      'one of too long a name',
      { ...GOOD[name], cluster: 'x'.repeat(1_001) },
      `cluster: ${'x'.repeat(79)}…: `,
    ],
    ['what nobody sees', { ...GOOD[name], cluster: 'a\u202eb' }, 'cluster: a\\u{202e}b: a path'],
    [
      'a field that is not there',
      { ...GOOD[name], dryrun: true },
      'dryrun: no such key (did you mean "dryRun"?)',
    ],
    ['a secret', { ...GOOD[name], password: 'hunter2' }, 'password: (hidden): no secrets here'],
    ['a huge text', { ...GOOD[name], note: 'x'.repeat(262_144) }, 'input: 262'],
    ['text for yes', { ...GOOD[name], dryRun: 'yes' }, 'dryRun: yes: must be true or false'],
  ])('refuses %s', (_, input, begins) => {
    const found = told(name, input);
    expect([found.length, found[0]]).toEqual([1, expect.stringContaining(begins)]);
  });
});

const ODD = [
  'a;reboot',
  '$(id)',
  '`id`',
  '../x',
  '-rf',
  'a b',
  'a/b',
  "a'",
  '',
  'a\nb',
  'x'.repeat(64),
  7,
  null,
  ['a'],
];
const FIELDS: [Name, (odd: unknown) => object, string][] = [
  ['backup', (source) => ({ source }), 'source'],
  ['backups', (source) => ({ source }), 'source'],
  ['restore', (source) => ({ source }), 'source'],
  ['restore', (host) => ({ host }), 'host'],
  ['restore', (on) => ({ on }), 'on'],
  ['restoreDrill', (source) => ({ source }), 'source'],
  ['restoreDrill', (host) => ({ host }), 'host'],
  ['disasterRecovery', (host) => ({ hosts: [host] }), 'hosts.0'],
  ['disasterRecovery', (source) => ({ restore: [{ source }] }), 'restore.0.source'],
  ['disasterRecovery', (host) => ({ restore: [{ source: 'a', host }] }), 'restore.0.host'],
];
it.each(FIELDS)('no name of a shell, a path or an option in %s', (name, of, path) => {
  for (const odd of ODD) {
    const found = told(name, { ...GOOD[name], ...of(odd) });
    expect([odd, found]).toEqual([odd, [expect.stringMatching(new RegExp(`^${path}: `))]]);
  }
});

const WHEN = 'a time with its zone such as 2026-12-01T22:00:00Z';
const RELEASE = { version: '1.1.0', artifact: { file: 'web.tar.gz' } };
it.each<[Name, object, string[]]>([
  [
    'backup',
    { source: undefined, kind: 'half' },
    ['source: needed: text', 'kind: half: one of full, incremental, differential'],
  ],
  [
    'backup',
    { attempts: 0, pauseSeconds: 3_601 },
    ['attempts: 0: at least 1', 'pauseSeconds: 3601: at most 3600'],
  ],
  [
    'backup',
    { attempts: 1.5, notify: 1 },
    ['attempts: 1.5: must be a whole number', 'notify: 1: must be true or false'],
  ],
  ['backups', { at: 'yesterday' }, [`at: yesterday: ${WHEN}`]],
  ['restore', { at: '2026-11-29' }, [`at: 2026-11-29: ${WHEN}`]],
  ['restore', { at: '2026-11-29T02:00:00' }, [`at: 2026-11-29T02:00:00: ${WHEN}`]],
  ['restore', { at: '2026-13-29T02:00:00Z' }, [`at: 2026-13-29T02:00:00Z: ${WHEN}`]],
  ['restore', { at: '2026-11-29T03:00:00+01:00' }, []],
  ['restore', { pick: { id: 'x' }, at: '2026-11-29T02:00:00Z' }, ['input: a map of 4: either pick.id or at']],
  ['restore', { pick: 'oldest' }, ['pick: oldest: "newest" or {"id": …}']],
  ['restore', { pick: { id: 'x'.repeat(301) } }, ['pick.id: ', 'at most 300 characters']],
  ['restore', { folder: '/a/../b' }, ['folder: /a/../b: no ".." in a path']],
  ['restore', { folder: 'a', on: 'n 1' }, ['on: n 1: letters, ', 'folder: a: an absolute path']],
  ['restore', { folder: '/$(id)' }, ['folder: /$(id): an absolute path without spaces or shell characters']],
  ['restore', { folder: `/${'x'.repeat(80)}` }, ['at most 80 characters']],
  ['restoreDrill', { pick: 'oldest' }, ['pick: oldest: "newest", "random" or {"id": …}']],
  [
    'restoreDrill',
    { pick: { id: '' }, at: 'now' },
    ['pick.id: (empty): at least 1 characters', 'at: no such key'],
  ],
  ['disasterRecovery', { hosts: [] }, ['hosts: a list of 0: at least 1 entries']],
  ['disasterRecovery', { hosts: 'n1' }, ['hosts: n1: must be a list']],
  ['disasterRecovery', { restore: ['shop-data'] }, ['restore.0: shop-data: must be a map']],
  [
    'disasterRecovery',
    { restore: [{}, { source: 'a', to: 'n1' }] },
    ['restore.0.source: needed: text', 'restore.1.to: no such key'],
  ],
  [
    'disasterRecovery',
    { restore: [{ source: 'a', backup: 'b', at: '2026-11-29T02:00:00Z' }] },
    ['restore.0: a map of 3: either backup or at'],
  ],
  [
    'disasterRecovery',
    { restore: Array.from({ length: 101 }, () => ({ source: 'a' })) },
    ['at most 100 entries'],
  ],
  ['disasterRecovery', { since: 'last night' }, [`since: last night: ${WHEN}`]],
  ['disasterRecovery', { releases: { web: RELEASE } }, []],
  ['disasterRecovery', { releases: [RELEASE] }, ['releases: a list of 1: must be a map']],
  ['disasterRecovery', { releases: { 'we b': RELEASE } }, ['releases.we b: letters, digits, dot']],
  [
    'disasterRecovery',
    { releases: { web: { version: '../1', artifact: { file: 'a', sha256: 'x' } } } },
    ['releases.web.version: ../1: letters', 'releases.web.artifact.sha256: x: 64 lower-case'],
  ],
  ['disasterRecovery', { releases: { web: { version: '1' } } }, ['releases.web.artifact: either {"file"']],
  [
    'disasterRecovery',
    { onFailure: 'undo', approvals: ['after'], unreachableSeconds: 1 },
    [
      'approvals.0: after: one of before',
      'onFailure: undo: one of ask, freeze',
      'unreachableSeconds: 1: at least 5',
    ],
  ],
])('%s says of %j all that is wrong', (name, more, rules) => {
  const found = told(name, { ...GOOD[name], ...more });
  expect(found.length === 0).toBe(rules.length === 0);
  for (const rule of rules) expect(found.join('\n')).toContain(rule);
});
