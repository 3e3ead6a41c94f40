import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { makeRelease } from '../../lab/service';

const VERSION = '0.0.0-test';

it('builds the same bytes from the same input', async () => {
  const first = await makeRelease({ version: VERSION, behaviour: { errorShare: 0.05 } });
  const second = await makeRelease({ version: VERSION, behaviour: { errorShare: 0.05 } });
  expect(second).toEqual(first);
  expect(createHash('sha256').update(readFileSync(first.file)).digest('hex')).toBe(first.sha256);
  const other = await makeRelease({ version: VERSION });
  expect(other.sha256).not.toBe(first.sha256);
});

it('holds folders and regular files only', async () => {
  const { file } = await makeRelease({ version: VERSION });
  const list = execFileSync('tar', ['-tvzf', file], { encoding: 'utf8' }).trim().split('\n');
  expect(list.map((line) => line.split(/\s+/).at(-1))).toEqual([
    'behaviour.json',
    'bin/',
    'bin/web',
    'version',
  ]);
  expect(list.every((line) => /^[d-]/.test(line))).toBe(true);
});

it.each(['', '../up', '-x', '1.0 0', '1;0'])('refuses %j as a version', async (version) => {
  await expect(makeRelease({ version })).rejects.toThrow(/is no version/);
});
