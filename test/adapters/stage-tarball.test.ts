import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadProgram } from '../../src/adapters/ssh/programs';

const run = promisify(execFile);

let folder: string;
let releases: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-stage-'));
  // archives are unpacked as nobody
  await chmod(folder, 0o755);
  releases = join(folder, 'releases');
  await mkdir(releases);
});
afterEach(() => rm(folder, { recursive: true }));

/** A release is one file that says its version. */
async function archive(version: string) {
  const made = join(folder, `made-${version}`);
  await mkdir(made);
  await writeFile(join(made, 'version'), version);
  const file = join(folder, `${version}.tar.gz`);
  await run('tar', ['-czf', file, '-C', made, '.']);
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return { version, file, sha256 };
}

async function stage(of: { version: string; file: string; sha256: string }, keep = 3): Promise<number> {
  const args = [of.file, of.version, of.sha256, '0', String(keep), releases, join(folder, 'current')];
  return run('sh', ['-c', loadProgram('stage-tarball').text, 'stage-tarball', ...args]).then(
    () => 0,
    ({ code }: { code: number }) => code,
  );
}

const there = async () => (await readdir(releases)).filter((name) => name !== '.pawl').sort();
const marks = async () => (await readdir(join(releases, '.pawl'))).sort();

it('asks for the upload, unpacks it, and needs it no more', async () => {
  const one = await archive('1.0.0');
  expect(await stage({ ...one, file: join(folder, 'nowhere', one.sha256) })).toBe(10);
  expect(await stage({ ...one, sha256: '0'.repeat(64) })).toBe(10);
  expect(await there()).toEqual([]);
  expect(await stage(one)).toBe(0);
  expect(await readFile(join(releases, '1.0.0', 'version'), 'utf8')).toBe('1.0.0');
  expect(await readdir(folder)).not.toContain('1.0.0.tar.gz');
  expect(await stage(one)).toBe(0);
});

it('keeps the newest releases, the running one, and what others have put there', async () => {
  await mkdir(join(releases, 'by-hand'));
  const versions = ['1.0.0', '1.1.0', '1.2.0', '1.10.0', '1.3.0'];
  for (const [age, version] of versions.entries()) {
    expect(await stage(await archive(version), 100)).toBe(0);
    const when = Date.now() / 1_000 - 1_000 + age;
    await utimes(join(releases, '.pawl', `${version}.sha256`), when, when);
  }
  await symlink('releases/1.1.0', join(folder, 'current'));
  expect(await stage(await archive('2.0.0'), 4)).toBe(0);
  expect(await there()).toEqual(['1.1.0', '1.10.0', '1.3.0', '2.0.0', 'by-hand']);
  expect(await marks()).toEqual(['1.1.0.sha256', '1.10.0.sha256', '1.3.0.sha256', '2.0.0.sha256']);
});
