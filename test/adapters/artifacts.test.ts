import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore } from '../../src/adapters/artifacts';
import { openArtifacts } from '../../src/adapters/artifacts';

const bytes = Buffer.from('the release');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const { signal } = new AbortController();
let folder: string;
let store: ArtifactStore;
let server: http.Server;
let base: string;
let asked: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-artifacts-'));
  server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/to-good') response.writeHead(302, { location: '/good/web.tar.gz' }).end();
    else if (request.url === '/to-bad') response.writeHead(302, { location: '/elsewhere' }).end();
    else if (request.url === '/good/loop') response.writeHead(302, { location: '/good/loop' }).end();
    else if (request.url === '/good/gone') response.writeHead(404).end();
    else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  asked = [];
  store = openArtifacts(await mkdtemp(join(folder, 'cache-')));
});

describe('a file', () => {
  it('is fixed by its checksum, and given out only while it stays the same', async () => {
    const file = join(folder, 'web.tar.gz');
    await writeFile(file, bytes);
    const planned = await store.describe({ file }, [], signal);
    expect(planned).toEqual({ source: { file }, sha256, size: bytes.length });
    expect(await store.fetch(planned, signal)).toBe(file);
    await writeFile(file, 'other bytes');
    await expect(store.fetch(planned, signal)).rejects.toMatchObject({ type: 'ChecksumMismatch' });
  });

  it.each([
    { name: 'nothing', type: 'BadInput' },
    { name: '.', type: 'BadInput' },
  ])('that is $name is refused', async ({ name, type }) => {
    await expect(store.describe({ file: join(folder, name) }, [], signal)).rejects.toMatchObject({ type });
  });
});

describe('a URL', () => {
  it('is fetched once, checked, and kept by its checksum', async () => {
    const url = `${base}/good/web.tar.gz`;
    const planned = await store.describe({ url, sha256 }, [`${base}/good/`], signal);
    expect(planned.size).toBe(bytes.length);
    expect(await readFile(await store.fetch(planned, signal))).toEqual(bytes);
    expect(asked).toEqual(['/good/web.tar.gz']);
  });

  it.each([
    { path: '/elsewhere', allowed: '/good/', sum: sha256, type: 'ArtifactRefused', asks: [] },
    { path: '/to-bad', allowed: '/to-', sum: sha256, type: 'ArtifactRefused', asks: ['/to-bad'] },
    {
      path: '/good/loop',
      allowed: '/good/',
      sum: sha256,
      type: 'ArtifactRefused',
      asks: Array<string>(5).fill('/good/loop'),
    },
    { path: '/good/gone', allowed: '/good/', sum: sha256, type: 'ArtifactRefused', asks: ['/good/gone'] },
    { path: '/good/x', allowed: '/good/', sum: 'a'.repeat(64), type: 'ChecksumMismatch', asks: ['/good/x'] },
  ])('$path with $allowed allowed → $type', async ({ path, allowed, sum, type, asks }) => {
    const allowedUrls = [`${base}${allowed}`];
    await expect(
      store.describe({ url: base + path, sha256: sum }, allowedUrls, signal),
    ).rejects.toMatchObject({ type });
    expect(asked).toEqual(asks);
  });

  it('may redirect to where it is allowed', async () => {
    const planned = await store.describe({ url: `${base}/to-good`, sha256 }, [`${base}/`], signal);
    expect(await readFile(await store.fetch(planned, signal))).toEqual(bytes);
  });
});
