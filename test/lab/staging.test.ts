/** A worker that stood still and wakes up stages beside the one that took over: what one has brought, the other finds. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { makeDeb, makeRelease } from '../../lab/service';
import { PACKAGE } from '../../lab/service/deb';
import { upload } from '../../src/adapters/ssh';
import { openJobWorld, type JobWorld } from './job-world';

const AT_ONCE = 6;
const never = new AbortController().signal;

let world: JobWorld;
beforeAll(async () => (world = await openJobWorld('test-staging')), 300_000);
afterAll(() => world?.close(), 60_000);
jest.setTimeout(60_000);

/** @returns exit codes of programs that all began before the first one ended */
async function stageAtOnce(script: string, file: string, version: string, more: string[]): Promise<number[]> {
  const bytes = await readFile(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const remotePath = `/var/lib/pawl/artifacts/${sha256}`;
  await upload(world.host, { file, size: bytes.length, sha256, remotePath, mode: 0o600 }, never);
  const args = [remotePath, version, sha256, '1', '5', ...more];
  const runs = Array.from({ length: AT_ONCE }, () => world.host.run(script, args, { signal: never }));
  return (await Promise.all(runs)).map(({ code }) => code);
}

it('unpacks a tarball once, whoever asks meanwhile', async () => {
  const { file } = await makeRelease({ version: '3.0.0', ballastKiB: 8_192 });
  const codes = await stageAtOnce('stage-tarball', file, '3.0.0', ['/opt/web/releases', '/opt/web/current']);
  expect(codes).toEqual(codes.map(() => 0));
  expect(await world.inside('cat', '/opt/web/releases/3.0.0/version')).toBe('3.0.0');
  expect(await world.inside('sh', '-c', 'ls /opt/web/releases/.pawl')).toContain('3.0.0.sha256');
  expect(await world.inside('sh', '-c', 'ls -d /opt/web/releases/.pawl/unpack.* || true')).toBe('');
});

it('keeps a package once, whoever asks meanwhile', async () => {
  const { file } = await makeDeb({ version: '3.0.0' });
  const codes = await stageAtOnce('stage-deb', file, '3.0.0', [PACKAGE]);
  expect(codes).toEqual(codes.map(() => 0));
  expect(await world.inside('ls', `/var/lib/pawl/packages/${PACKAGE}`)).toBe('3.0.0.deb');
});
