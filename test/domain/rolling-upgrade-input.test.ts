import fc from 'fast-check';
import { parseRollingUpgrade } from '../../src/activities/plan/rolling-upgrade';
import type { Mistake } from '../../src/contracts/failures';
import { PawlError } from '../../src/contracts/failures';

const GOOD = { cluster: 'c.yaml', service: 'web', version: '1.1.0', artifact: { file: 'web.tar.gz' } };
const SHA = 'a'.repeat(64);

/** All mistakes of an input; none when it is accepted. Anything but BadInput is thrown on. */
function mistakesOf(input: unknown): Mistake[] {
  try {
    parseRollingUpgrade(input);
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
    return (error.details as { mistakes: Mistake[] }).mistakes;
  }
}

it('fills in safe defaults', () => {
  expect(parseRollingUpgrade(GOOD)).toEqual({
    ...GOOD,
    strategy: 'rolling',
    testers: false,
    drain: { deadlineSeconds: 300, onDeadline: 'putBack' },
    minHealthySeconds: 10,
    soakSeconds: 60,
    watchSeconds: 60,
    checks: [],
    gate: {
      enabled: true,
      availabilityPercent: 99.9,
      errorRatePercent: 0.1,
      p95PercentOfUsual: 120,
      p95ToleranceMs: 10,
      timePercentOfPeers: 125,
      cpuPercent: 80,
      memoryHoursLeft: 24,
      memoryPercent: 80,
      hostCpuPercent: 80,
      hostMemoryPercent: 80,
      confidencePercent: 95,
      holdSeconds: 600,
    },
    approvals: [],
    onFailure: 'undo',
    failureBudget: 0,
    backups: [],
    prepare: [],
    runOnce: [],
    personDeadlineHours: 72,
    unreachableSeconds: 120,
    dryRun: false,
  });
});

it.each<{ what: string; input: unknown; code: string; value: string }>([
  { what: 'nothing', input: undefined, code: 'missing', value: 'nothing' },
  { what: 'null', input: null, code: 'wrongType', value: 'null' },
  { what: 'a list', input: [GOOD], code: 'wrongType', value: 'a list of 1' },
  { what: 'text', input: JSON.stringify(GOOD).slice(0, 7), code: 'wrongType', value: '{"clust' },
  { what: 'a number', input: 6, code: 'wrongType', value: '6' },
  {
    what: '256 KiB and more',
    input: { ...GOOD, note: 'x'.repeat(262_144) },
    code: 'tooLarge',
    value: '262241 bytes',
  },
  {
    what: 'the same in letters of two bytes',
    input: { ...GOOD, note: 'é'.repeat(131_072) },
    code: 'tooLarge',
    value: '262241 bytes',
  },
])('refuses $what as a whole', ({ input, code, value }) => {
  expect(mistakesOf(input)).toEqual([expect.objectContaining({ code, path: '', value })]);
});

it('names what is wrong with backups that must be there', () => {
  const backups = [
    { source: 'a' },
    { source: 'a' },
    { source: '../x' },
    { source: 'b', maxAgeMinutes: 0, days: 1 },
  ];
  expect(mistakesOf({ ...GOOD, backups }).map(({ code, path }) => `${code} ${path}`)).toEqual([
    'invalidFormat backups.2.source',
    'outOfRange backups.3.maxAgeMinutes',
    'unknownKey backups.3.days',
    'invalid backups',
  ]);
  expect(parseRollingUpgrade({ ...GOOD, backups: [{ source: 'a' }] }).backups).toEqual([
    { source: 'a', maxAgeMinutes: 60, take: true },
  ]);
});

it('names what is wrong with preparations and checks', () => {
  const prepare = [1, 2].map(() => ({ name: 'backup', command: ['true'] }));
  const checks = [{ name: 'db', tcp: { host: '-x', port: 70_000 } }, { name: 'none' }];
  const found = mistakesOf({ ...GOOD, prepare, checks });
  expect(found.map(({ path, rule }) => `${path}: ${rule.slice(0, 39)}`)).toEqual([
    'prepare: each name once',
    'checks.0.tcp.host: a host name or an address without a por',
    'checks.0.tcp.port: at most 65535',
    'checks.1: one of {"name": …, "http": {"path": …}}',
  ]);
});

describe('versions', () => {
  it.each(['1', '1.1.0', '2:1.10~rc1+b2', 'v1_2-3', 'x'.repeat(64)])('may be %s', (version) => {
    expect(mistakesOf({ ...GOOD, version })).toEqual([]);
  });

  it.each([
    { version: '1;reboot', value: '1;reboot' },
    { version: '$(id)', value: '$(id)' },
    { version: '`id`', value: '`id`' },
    { version: '1 0', value: '1 0' },
    { version: '1|2', value: '1|2' },
    { version: "1'", value: "1'" },
    { version: '-rf', value: '-rf' },
    { version: '.hidden', value: '.hidden' },
    { version: '../1.0', value: '../1.0' },
    { version: '1..0', value: '1..0' },
    { version: 'a/b', value: 'a/b' },
    { version: '1.0\n', value: '1.0\\u{a}' },
    { version: '1.0\0', value: '1.0\\u{0}' },
    { version: '1.0\u202e0.2', value: '1.0\\u{202e}0.2' },
    { version: '1.0\u200b', value: '1.0\\u{200b}' },
    { version: '1.\u043e', value: '1.\u043e' },
    { version: '\uff11.0', value: '\uff11.0' },
    { version: '', value: '(empty)' },
    { version: '__proto__', value: '__proto__' },
    { version: 'x'.repeat(65), value: 'x'.repeat(65) },
    { version: 'x'.repeat(100), value: `${'x'.repeat(79)}…` },
    { version: 1, value: '1' },
    { version: null, value: 'null' },
  ])('may not be $value', ({ version, value }) => {
    const mistakes = mistakesOf({ ...GOOD, version });
    expect(mistakes.length).toBeGreaterThan(0);
    for (const mistake of mistakes) expect(mistake).toMatchObject({ path: 'version', value });
  });
});

describe('amounts', () => {
  it.each([1, 101, 10_000, '1%', '30%', '100%'])('may be %j', (amount) => {
    expect(mistakesOf({ ...GOOD, batches: [amount], maxUnavailable: amount })).toEqual([]);
  });

  it.each([
    ...[0, -1, 1.5, 10_001, NaN, Infinity, null, true],
    ...['0%', '101%', '-1%', '030%', '30 %', '1.5%', '30', '30%\n', '３０%', '', 'all'],
  ])('may not be %j', (amount) => {
    const mistakes = mistakesOf({ ...GOOD, batches: [1, amount], maxUnavailable: amount });
    expect(mistakes.map(({ path }) => path)).toEqual(['batches.1', 'maxUnavailable']);
  });
});

describe('unknown keys', () => {
  it.each([
    { input: { batchs: [1] }, path: 'batchs', meant: 'batches' },
    { input: { maxUnavaliable: 1 }, path: 'maxUnavaliable', meant: 'maxUnavailable' },
    { input: { dryrun: true }, path: 'dryrun', meant: 'dryRun' },
    { input: { drain: { deadlineSecond: 1 } }, path: 'drain.deadlineSecond', meant: 'deadlineSeconds' },
    { input: { artifact: { file: 'a', sha265: SHA } }, path: 'artifact.sha265', meant: 'sha256' },
    {
      input: { checks: [{ name: 'a', http: { path: '/', contain: 'x' } }] },
      path: 'checks.0.http.contain',
      meant: 'contains',
    },
  ])('$path: did you mean $meant?', ({ input, path, meant }) => {
    expect(mistakesOf({ ...GOOD, ...input })).toEqual([
      expect.objectContaining({
        code: 'unknownKey',
        path,
        rule: expect.stringContaining(`did you mean "${meant}"?`),
      }),
    ]);
  });

  it.each([
    { json: '{"__proto__": {"dryRun": true}}', path: '__proto__' },
    { json: '{"drain": {"__proto__": {"onDeadline": "force"}}}', path: 'drain.__proto__' },
    { json: '{"constructor": {"prototype": {}}}', path: 'constructor' },
    { json: '{"toString": 1}', path: 'toString' },
    { json: '{"a\\u0000b": 1}', path: 'a\\u{0}b' },
  ])('$json is refused by name, and nothing inherits from it', ({ json, path }) => {
    const mistakes = mistakesOf({ ...GOOD, ...(JSON.parse(json) as object) });
    expect(mistakes).toEqual([expect.objectContaining({ code: 'unknownKey', path })]);
    expect(({} as { dryRun?: boolean }).dryRun).toBeUndefined();
  });
});

describe('single fields', () => {
  it.each<{ field: object; path: string; code: string; rule?: string }>([
    { field: { cluster: '' }, path: 'cluster', code: 'invalidFormat' },
    { field: { cluster: 'a\0b' }, path: 'cluster', code: 'invalidFormat' },
    { field: { cluster: 'x'.repeat(1_001) }, path: 'cluster', code: 'invalidFormat' },
    { field: { service: '-web' }, path: 'service', code: 'invalidFormat' },
    { field: { service: 'x'.repeat(64) }, path: 'service', code: 'invalidFormat' },
    { field: { service: '__proto__' }, path: 'service', code: 'invalidFormat' },
    { field: { hosts: [] }, path: 'hosts', code: 'outOfRange' },
    { field: { hosts: 'n1' }, path: 'hosts', code: 'wrongType' },
    { field: { hosts: ['n1', 'n2;reboot'] }, path: 'hosts.1', code: 'invalidFormat' },
    { field: { hosts: ['n1', ''] }, path: 'hosts.1', code: 'invalidFormat' },
    { field: { hosts: ['n\u0456'] }, path: 'hosts.0', code: 'invalidFormat' },
    { field: { hosts: [1] }, path: 'hosts.0', code: 'wrongType', rule: 'quotes' },
    { field: { batches: [] }, path: 'batches', code: 'outOfRange' },
    { field: { batches: '30%' }, path: 'batches', code: 'wrongType' },
    { field: { artifact: 'web.tar.gz' }, path: 'artifact', code: 'wrongShape' },
    { field: { artifact: {} }, path: 'artifact', code: 'wrongShape' },
    { field: { artifact: { file: '' } }, path: 'artifact.file', code: 'invalidFormat' },
    { field: { artifact: { file: 'a\u202eb' } }, path: 'artifact.file', code: 'invalidFormat' },
    { field: { artifact: { file: 'a', sha256: 'abc' } }, path: 'artifact.sha256', code: 'invalidFormat' },
    {
      field: { artifact: { file: 'a', sha256: 'A'.repeat(64) } },
      path: 'artifact.sha256',
      code: 'invalidFormat',
    },
    { field: { artifact: { url: 'https://example.org/a' } }, path: 'artifact', code: 'wrongShape' },
    {
      field: { artifact: { url: 'file:///etc/shadow', sha256: SHA } },
      path: 'artifact.url',
      code: 'invalidFormat',
    },
    {
      field: { artifact: { url: 'https://a b/', sha256: SHA } },
      path: 'artifact.url',
      code: 'invalidFormat',
    },
    {
      field: { artifact: { file: 'a', url: 'https://example.org/a' } },
      path: 'artifact.url',
      code: 'unknownKey',
      rule: 'not beside',
    },
    { field: { drain: { deadlineSeconds: 86_401 } }, path: 'drain.deadlineSeconds', code: 'outOfRange' },
    {
      field: { drain: { onDeadline: 'putback' } },
      path: 'drain.onDeadline',
      code: 'notAllowed',
      rule: 'did you mean "putBack"?',
    },
    { field: { minHealthySeconds: '10s' }, path: 'minHealthySeconds', code: 'wrongType' },
    { field: { minHealthySeconds: 3_601 }, path: 'minHealthySeconds', code: 'outOfRange' },
    { field: { soakSeconds: -1 }, path: 'soakSeconds', code: 'outOfRange' },
    { field: { soakSeconds: 604_801 }, path: 'soakSeconds', code: 'outOfRange' },
    { field: { watchSeconds: 1.5 }, path: 'watchSeconds', code: 'wrongType', rule: 'whole' },
    { field: { watchSeconds: null }, path: 'watchSeconds', code: 'wrongType' },
    { field: { unreachableSeconds: 4 }, path: 'unreachableSeconds', code: 'outOfRange' },
    { field: { personDeadlineHours: 0 }, path: 'personDeadlineHours', code: 'outOfRange' },
    { field: { personDeadlineHours: 721 }, path: 'personDeadlineHours', code: 'outOfRange' },
    { field: { approvals: ['after'] }, path: 'approvals.0', code: 'notAllowed' },
    { field: { onFailure: 'rollback' }, path: 'onFailure', code: 'notAllowed', rule: 'undo, freeze, ask' },
    { field: { dryRun: 'yes' }, path: 'dryRun', code: 'wrongType' },
    { field: { note: 'x'.repeat(2_001) }, path: 'note', code: 'outOfRange' },
    { field: { checks: [{ name: 'a' }] }, path: 'checks.0', code: 'wrongShape' },
    { field: { checks: [{ name: '-a', command: ['x'] }] }, path: 'checks.0.name', code: 'invalidFormat' },
    { field: { checks: [{ name: 'a', command: [] }] }, path: 'checks.0.command', code: 'outOfRange' },
    {
      field: { checks: [{ name: 'a', http: { path: 'login' } }] },
      path: 'checks.0.http.path',
      code: 'invalidFormat',
    },
    {
      field: { checks: [{ name: 'a', http: { path: '/a\r\nHost: b' } }] },
      path: 'checks.0.http.path',
      code: 'invalidFormat',
    },
    {
      field: { checks: [{ name: 'a', http: { path: '/', status: 99 } }] },
      path: 'checks.0.http.status',
      code: 'outOfRange',
    },
  ])('$field → $code at $path', ({ field, path, code, rule = '' }) => {
    expect(mistakesOf({ ...GOOD, ...field })).toEqual([
      expect.objectContaining({ code, path, rule: expect.stringContaining(rule) }),
    ]);
  });
});

it('tells all mistakes at once, with the values as people may see them', () => {
  const mistakes = mistakesOf({
    servise: 'web',
    version: '1.0\n',
    artifact: { file: 'a', sha256: 'no' },
    hosts: ['n1', 'n2 '],
    batches: ['50%', 0],
    drain: { deadlineSeconds: '5m' },
    soakSeconds: -1,
    dbPassword: 'hunter2',
  });
  expect(mistakes.map(({ path, code, value }) => [path, code, value])).toEqual([
    ['cluster', 'missing', 'nothing'],
    ['service', 'missing', 'nothing'],
    ['version', 'invalidFormat', '1.0\\u{a}'],
    ['artifact.sha256', 'invalidFormat', 'no'],
    ['batches.1', 'outOfRange', '0'],
    ['hosts.1', 'invalidFormat', 'n2 '],
    ['drain.deadlineSeconds', 'wrongType', '5m'],
    ['soakSeconds', 'outOfRange', '-1'],
    ['servise', 'unknownKey', 'servise'],
    ['dbPassword', 'secret', expect.not.stringContaining('hunter2')],
  ]);
});

it('stays small however many mistakes there are', () => {
  const mistakes = mistakesOf({ ...GOOD, hosts: Array.from({ length: 9_000 }, () => '-'.repeat(20)) });
  expect(mistakes).toHaveLength(200);
});

describe('whatever JSON comes', () => {
  const keys = fc.constantFrom(
    ...['cluster', 'service', 'version', 'artifact', 'hosts', 'batches', 'drain', 'checks', '__proto__', 'x'],
  );
  const almost = fc
    .dictionary(keys, fc.jsonValue({ maxDepth: 2 }))
    .map((changes) => ({ ...GOOD, ...changes }));
  it('is accepted or refused by name; each mistake says where, what and the rule, in plain sight', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), almost), (input) => {
        for (const { code, path, value, rule } of mistakesOf(input)) {
          expect(code).toMatch(/^[a-zA-Z]+$/);
          expect([...value].length).toBeLessThanOrEqual(80);
          expect(`${path}${value}`).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          expect(rule).not.toBe('');
        }
      }),
    );
  });
});
