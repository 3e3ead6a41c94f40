import fc from 'fast-check';
import { z } from 'zod';
import { RollingUpgradeInput } from '../../src/contracts/inputs/rolling-upgrade';
import { looksSecret } from '../../src/domain/escaped';
import { badInput, escaped, mistakesOf, unknownName } from '../../src/domain/mistakes';

const good = { cluster: 'cluster.yaml', service: 'web', version: '1.1.0', artifact: { file: 'web.tgz' } };
const sha256 = 'a'.repeat(64);

function linesFor(input: unknown): string[] {
  const { error } = RollingUpgradeInput.safeParse(input);
  return mistakesOf(error ?? new z.ZodError([]), input, RollingUpgradeInput).map(
    ({ path, code, value, rule }) => `${path} | ${code} | ${value} | ${rule}`,
  );
}

it.each<[string, unknown, ...string[]]>([
  ['nothing wrong', good],
  ['nothing', undefined, ' | missing | nothing | needed: a map'],
  ['null', null, ' | wrongType | null | must be a map'],
  ['a list', [good], ' | wrongType | a list of 1 | must be a map'],
  [
    'an unknown key',
    { ...good, batchs: 3 },
    'batchs | unknownKey | batchs | no such key (did you mean "batches"?); there are cluster, service',
  ],
  [
    'an unknown key inside',
    { ...good, drain: { deadline: 3 } },
    'drain.deadline | unknownKey | deadline | no such key (did you mean "deadlineSeconds"?); there are deadlineSeconds, onDeadline',
  ],
  [
    '__proto__',
    JSON.parse(`{"__proto__": {"x": 1}, ${JSON.stringify(good).slice(1)}`),
    '__proto__ | unknownKey | __proto__',
  ],
  ['a password', { ...good, password: 'hunter2' }, 'password | secret | (hidden) | no secrets here'],
  ['a value out of range', { ...good, soakSeconds: -1 }, 'soakSeconds | outOfRange | -1 | at least 0'],
  ['NaN', { ...good, soakSeconds: NaN }, 'soakSeconds | wrongType | NaN | must be a number'],
  [
    'too long a text',
    { ...good, note: 'x'.repeat(3_000) },
    `note | outOfRange | ${'x'.repeat(79)}… | at most 2000 characters`,
  ],
  [
    'too many entries',
    { ...good, approvals: ['before', 'before', 'before'] },
    'approvals | outOfRange | a list of 3 | at most 2 entries',
  ],
  [
    'a word that is not allowed',
    { ...good, onFailure: 'undu' },
    'onFailure | notAllowed | undu | one of undo, freeze, ask (did you mean "undo"?)',
  ],
  [
    'a version for a shell',
    { ...good, version: '1;reboot' },
    'version | invalidFormat | 1;reboot | letters, digits',
  ],
  ['a version with NUL', { ...good, version: '1\0' }, 'version | invalidFormat | 1\\u{0} | letters'],
  [
    'a turned-round version',
    { ...good, version: '1.\u202e2' },
    'version | invalidFormat | 1.\\u{202e}2 | letters',
  ],
  [
    'percentages',
    { ...good, batches: ['0%', 1, '101%'] },
    'batches.0 | invalidFormat | 0% | a whole percentage',
    'batches.2 | invalidFormat | 101%',
  ],
  [
    'a wrong digest of the meant shape',
    { ...good, artifact: { file: 'x', sha256: 'y' } },
    'artifact.sha256 | invalidFormat | y | 64 lower-case',
  ],
  [
    'an unknown shape',
    { ...good, artifact: { path: 'x' } },
    'artifact | wrongShape | a map of 1 | either {"file"',
  ],
  [
    'both shapes at once',
    { ...good, artifact: { file: 'x', url: 'https://a/', sha256 } },
    'artifact | wrongShape | a map of 3 | either',
  ],
  [
    'a URL with a password',
    { ...good, artifact: { url: 'ftp://me:hunter2@a/', sha256 } },
    'artifact.url | invalidFormat | ftp://(hidden)@a/',
  ],
  [
    'all at once',
    { service: '', version: '..', artifact: 3, hosts: [] },
    'cluster | missing',
    'service | invalidFormat | (empty)',
    'version | invalidFormat',
    'version | invalid | .. | no ".."',
    'artifact | wrongShape | 3',
    'hosts | outOfRange',
  ],
])('%s', (_what, input, ...expected) => {
  const lines = linesFor(input);
  expect(lines).toHaveLength(expected.length);
  expected.forEach((words, index) => expect(lines[index]).toContain(words));
  expect(lines.join('\n')).not.toContain('hunter2');
});

it('shows whatever value in at most 80 visible characters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.anything()), (value) => {
      const text = escaped(value);
      expect([...text].length).toBeLessThanOrEqual(80);
      expect(text).not.toBe('');
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

it.each([
  ...[
    'password',
    'dbPassword',
    'DB_PASSWORD',
    'api-token',
    'apiKey',
    'private_key',
    'secret',
    'pwd',
    'credentials',
  ].map((key) => [key, true] as const),
  ...['compass', 'hostKey', 'identityFile', 'passwordless', 'tokenizer', 'key', 'service', ''].map(
    (key) => [key, false] as const,
  ),
])('%j looks secret: %s', (key, secret) => {
  expect(looksSecret(key)).toBe(secret);
});

it.each([
  ['wbe', ['web', 'api'], 'there is no such name (did you mean "web"?); there are web, api'],
  ['n9', ['n1', 'n2'], 'there is no such name; there are n1, n2'],
  ['anything', [], 'there is no such name; there are none'],
  ['x'.repeat(5_000), ['web'], 'there is no such name; there are web'],
])('knows no %s', (name, known, rule) => {
  expect(unknownName('service', name, known)).toMatchObject({ code: 'unknownName', path: 'service', rule });
});

it('lists every mistake, up to what a failure can carry', () => {
  const mistake = { code: 'missing', path: '', value: 'nothing', rule: 'needed: text' };
  expect(badInput([mistake])).toMatchObject({
    type: 'BadInput',
    message: '1 mistake, nothing was touched\ninput: needed: text',
  });
  const many = badInput(Array.from({ length: 1_000 }, () => mistake));
  expect(many.message).toMatch(/^1000 mistakes[\s\S]*and 800 more$/);
  expect(many.details).toEqual({ mistakes: Array(200).fill(mistake) });
});
