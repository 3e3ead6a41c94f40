import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHosts, upload } from '../../../src/adapters/ssh';
import type { RemoteHost } from '../../../src/contracts/world';
import { reachHost, type ReachedHost } from './reached';
import { clusterOf, type TestSshd } from './sshd';
import { longIt } from '../../long';

let at: ReachedHost;
let sshd: TestSshd;
let host: RemoteHost;
let target: string;
const { signal } = new AbortController();
const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const bytes = randomBytes(5_000_000);

beforeAll(async () => {
  at = await reachHost();
  ({ sshd, host } = at);
});
afterAll(() => at?.stop());
beforeEach(() => {
  target = join(sshd.folder, `target-${randomBytes(4).toString('hex')}`);
});

const remotePath = () => join(target, 'release.tar');
const spec = (data: Buffer, changes: object = {}) => ({
  open: () => Readable.from(chunks(data)),
  size: data.length,
  sha256: sum(data),
  remotePath: remotePath(),
  mode: 0o640,
  ...changes,
});

function chunks(data: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(data.length / 65_536) }, (_, i) =>
    data.subarray(i * 65_536, (i + 1) * 65_536),
  );
}

it('brings a file, tells how far it is, and brings it no second time', async () => {
  const file = join(sshd.folder, 'local');
  await writeFile(file, bytes);
  const seen: number[] = [];
  const first = { ...spec(bytes), open: undefined, file };
  expect(await upload(host, first, signal, (count) => seen.push(count))).toEqual({ skipped: false });
  expect((await readFile(remotePath())).equals(bytes)).toBe(true);
  expect((await stat(remotePath())).mode & 0o777).toBe(0o640);
  expect(seen.at(-1)).toBe(bytes.length);
  expect(seen.length).toBeGreaterThan(10);
  const open = () => {
    throw new Error('asked for the bytes again');
  };
  expect(await upload(host, spec(bytes, { open, mode: 0o600 }), signal)).toEqual({ skipped: true });
  expect((await stat(remotePath())).mode & 0o777).toBe(0o600);
});

it('brings an empty file, and replaces another one', async () => {
  await mkdir(target);
  await writeFile(remotePath(), 'an older one');
  await upload(host, spec(Buffer.alloc(0)), signal);
  expect(await readFile(remotePath(), 'utf8')).toBe('');
});

it.each([
  ['other bytes', { sha256: sum(Buffer.from('other')) }],
  ['fewer bytes', { size: bytes.length + 1 }],
  ['more bytes', { size: bytes.length - 1 }],
])('refuses %s than planned and keeps what was there', async (_, changes) => {
  await mkdir(target);
  await writeFile(remotePath(), 'the last good one');
  await expect(upload(host, spec(bytes, changes), signal)).rejects.toMatchObject({
    type: 'ChecksumMismatch',
  });
  expect(await readFile(remotePath(), 'utf8')).toBe('the last good one');
  expect(await readdir(target)).toEqual(['release.tar']);
});

it('that ends early leaves nothing but what the next one removes', async () => {
  const half = new Readable({ read() {} });
  half.push(bytes.subarray(0, 100_000));
  const cut = upload(host, spec(bytes, { open: () => half }), signal);
  await until(async () => (await readdir(target).catch(() => [])).length === 1);
  sshd.killSessions();
  await expect(cut).rejects.toMatchObject({ type: 'OutcomeUnknown' });
  // as a host leaves it that lost its power in the middle
  await writeFile(join(target, '.release.tar.pawl-AbCdEfGh'), 'half');
  await upload(host, spec(bytes), signal);
  expect(await readdir(target)).toEqual(['release.tar']);
  expect((await readFile(remotePath())).equals(bytes)).toBe(true);
});

it('several times at once, and with different bytes, is never mixed up', async () => {
  const other = randomBytes(3_000_000);
  const all = [bytes, other, bytes, other, bytes].map((data) => upload(host, spec(data), signal));
  await Promise.all(all);
  expect([sum(bytes), sum(other)]).toContain(sum(await readFile(remotePath())));
  expect(await readdir(target)).toEqual(['release.tar']);
});

it('leaves the part file of a living upload alone', async () => {
  const slow = new Readable({ read() {} });
  slow.push(bytes.subarray(0, 1_000_000));
  const first = upload(host, spec(bytes, { open: () => slow }), signal);
  await until(async () => (await readdir(target).catch(() => [])).length === 1);
  await upload(host, spec(Buffer.from('quick')), signal);
  slow.push(bytes.subarray(1_000_000));
  slow.push(null);
  await first;
  expect((await readFile(remotePath())).equals(bytes)).toBe(true);
});

it('does not begin on a disk that is too full, and fails cleanly on one that fills up', async () => {
  await mkdir(target);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', target]);
  try {
    const open = () => {
      throw new Error('began');
    };
    await expect(upload(host, spec(bytes, { open }), signal)).rejects.toMatchObject({ type: 'DiskFull' });
    const small = bytes.subarray(0, 3_000_000);
    const reserve = spec(small, { open, keepFreeBytes: 2_000_000 });
    await expect(upload(host, reserve, signal)).rejects.toMatchObject({ type: 'DiskFull' });
    const filling = upload(host, spec(small, { open: () => Readable.from(fillMeanwhile(small)) }), signal);
    await expect(filling).rejects.toMatchObject({ type: 'DiskFull' });
    expect(await readdir(target)).toEqual(['filler']);
  } finally {
    execFileSync('umount', [target]);
  }
});

async function* fillMeanwhile(data: Buffer) {
  yield data.subarray(0, 1_000_000);
  await writeFile(join(target, 'filler'), randomBytes(2_000_000));
  yield data.subarray(1_000_000);
}

longIt(
  'gets through a link that is too slow for keepalives behind a full buffer',
  async () => {
    const relay = createServer((client) => {
      const server = connect(sshd.port, '127.0.0.1');
      server.pipe(client).on('error', () => server.destroy());
      client.on('data', (data) => {
        client.pause();
        server.write(data);
        // 150 KB a second
        setTimeout(() => client.resume(), data.length / 150);
      });
      client.on('close', () => server.destroy());
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const slow = openHosts(clusterOf({ ...sshd, port: (relay.address() as AddressInfo).port }), {
      folder: '/',
    });
    const data = bytes.subarray(0, 2_000_000);
    try {
      await upload(slow.on('h1'), spec(data), signal);
      expect((await readFile(remotePath())).equals(data)).toBe(true);
    } finally {
      await slow.close();
      relay.close();
    }
  },
  60_000,
);

it('stops with the caller, and with a source that fails', async () => {
  const hanging = new Readable({ read() {} });
  const aborted = upload(host, spec(bytes, { open: () => hanging }), AbortSignal.timeout(300));
  await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(hanging.destroyed).toBe(true);
  const failing = () => {
    const source = new Readable({ read() {} });
    setTimeout(() => source.destroy(new Error('the disk here is broken')), 100);
    return source;
  };
  await expect(upload(host, spec(bytes, { open: failing }), signal)).rejects.toThrow('broken');
  const missing = { ...spec(bytes), open: undefined, file: '/nowhere/at/all' };
  await expect(upload(host, missing, signal)).rejects.toThrow('ENOENT');
  await expect(readFile(remotePath())).rejects.toThrow('ENOENT');
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5_000; Date.now() < end; await sleep(20)) if (await condition()) return;
  throw new Error('not within 5 s');
}
