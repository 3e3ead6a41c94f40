import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LARGEST_INPUT, parseObject, readObject } from '../../src/cli/read-object';
import { mistakesIn } from '../../src/cli/errors';
import { PawlError } from '../../src/contracts/failures';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-read-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(folder, 'input');
  writeFileSync(path, content);
  return path;
}

it.each([
  { text: '{"service": "web", "batches": [1, "100%"]}', value: { service: 'web', batches: [1, '100%'] } },
  { text: 'service: web\nbatches: [1, 100%]\n', value: { service: 'web', batches: [1, '100%'] } },
  { text: '\uFEFF{"a": 1}', value: { a: 1 } },
  { text: '{\n\t"a": 1\n}', value: { a: 1 } },
  { text: 'a: no\nb: 2026-01-01', value: { a: 'no', b: '2026-01-01' } },
])('reads $text', async ({ text, value }) => {
  await expect(readObject(file(text))).resolves.toEqual(value);
});

it.each([
  { text: '{"a": 1,\n "b": [1,,2]}', places: ['2:10'] },
  { text: '{"a": 1,\n "a": 2}', places: ['2:2'] },
  { text: 'a: 1\na: 2\nb: [', places: ['2:1', '3:5'] },
  { text: 'a:\n\t- 1', places: ['2:1'] },
  { text: '{"a": 1} {"b": 2}', places: ['1:10'] },
])('tells where $text is wrong', ({ text, places }) => {
  const error = thrownBy(() => parseObject(text, 'in.json'));
  const paths = mistakesIn(error.details).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(places.map((place) => `in.json:${place}`)));
});

it.each([
  { text: '', found: 'nothing' },
  { text: 'null', found: 'nothing' },
  { text: '[1]', found: 'a list' },
  { text: '"web"', found: 'a string' },
  { text: '7', found: 'a number' },
])('refuses $text: it holds $found', ({ text, found }) => {
  expect(thrownBy(() => parseObject(text, 'stdin')).message).toBe(
    `stdin must hold one object, and holds ${found}`,
  );
});

it('refuses an alias bomb and one that holds itself', () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${'*l'.concat(`${level}, `).repeat(9)}]`,
  );
  const bomb = ['l0: &l0 [x]', ...levels].join('\n');
  expect(thrownBy(() => parseObject(bomb, 'in.yaml')).message).toContain('in.yaml cannot be read');
  expect(thrownBy(() => parseObject('a: &a [*a]', 'in.yaml')).message).toContain('in.yaml cannot be read');
});

it('keeps __proto__ as a key of its own, for the workflow to refuse', () => {
  const value = parseObject('{"__proto__": {"dryRun": true}}', 'in.json');
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(value.dryRun).toBeUndefined();
});

it.each([
  { name: 'a missing file', path: () => join(folder, 'missing'), says: 'there is no such file' },
  { name: 'a folder', path: () => folder, says: 'it is a folder' },
  {
    name: 'bytes that are no text',
    path: () => file(Buffer.from([0x7b, 0xff, 0x7d])),
    says: 'is not UTF-8 text',
  },
  { name: 'an endless file', path: () => '/dev/zero', says: 'at most 256 KiB' },
  {
    name: 'a large file',
    path: () => file(`{"a": "${'x'.repeat(LARGEST_INPUT)}"}`),
    says: 'at most 256 KiB',
  },
])('refuses $name', async ({ path, says }) => {
  const reading = readObject(path());
  await expect(reading).rejects.toThrow(says);
  await expect(reading).rejects.toMatchObject({ type: 'BadInput' });
});

it('takes a file of just the largest size', async () => {
  const rest = LARGEST_INPUT - '{"a": ""}'.length;
  await expect(readObject(file(`{"a": "${'x'.repeat(rest)}"}`))).resolves.toEqual({ a: 'x'.repeat(rest) });
});

function thrownBy(work: () => unknown): PawlError {
  try {
    work();
  } catch (error) {
    if (error instanceof PawlError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
