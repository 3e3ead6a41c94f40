import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PawlError } from '../../contracts/failures';
import type { Artifact } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedArtifact } from '../../contracts/plan';

export interface ArtifactStore {
  /**
   * Fixes an artifact by checksum and size, fetching it when it is a URL.
   *
   * @throws BadInput when there is no such file, ChecksumMismatch, ArtifactRefused for a URL that is not allowed
   */
  describe(artifact: Artifact, allowedUrls: readonly string[], signal: AbortSignal): Promise<PlannedArtifact>;
  /** A local file with exactly these bytes. */
  fetch(artifact: PlannedArtifact, signal: AbortSignal): Promise<string>;
}

/** Milliseconds after which a fetched artifact that nobody wanted is removed. */
const KEPT = 30 * 86_400_000;

/** @param cache folder for fetched artifacts, by checksum */
export function openArtifacts(cache = join(homedir(), '.cache', 'pawl', 'artifacts')): ArtifactStore {
  const verified = new Map<string, string>();

  async function localFile(path: string): Promise<{ file: string; sha256: string; size: number }> {
    const file = resolve(path);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) throw new PawlError('BadInput', `there is no file ${path} beside the worker`);
    const stamp = `${file} ${found.size} ${found.mtimeMs} ${found.ino}`;
    const sha256 = verified.get(stamp) ?? (await sha256Of(file));
    verified.set(stamp, sha256);
    return { file, sha256, size: found.size };
  }

  async function download(
    url: string,
    sha256: string,
    signal: AbortSignal,
    allowed?: readonly string[],
  ): Promise<string> {
    const kept = join(cache, sha256);
    const now = new Date();
    // so that its age tells when it was last wanted
    if (
      await utimes(kept, now, now).then(
        () => true,
        () => false,
      )
    )
      return kept;
    await mkdir(cache, { recursive: true });
    await removeOld(cache);
    const part = `${kept}.${randomUUID()}`;
    try {
      const response = await get(url, signal, allowed);
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(part), { signal });
      same(url, sha256, await sha256Of(part));
      await rename(part, kept);
    } finally {
      await rm(part, { force: true });
    }
    return kept;
  }

  return {
    async describe(artifact, allowedUrls, signal) {
      if ('file' in artifact) {
        const { sha256, size } = await localFile(artifact.file);
        if (artifact.sha256) same(artifact.file, artifact.sha256, sha256);
        return { source: { file: artifact.file }, sha256, size };
      }
      const { url, sha256 } = artifact;
      const file = await download(url, sha256, signal, allowedUrls);
      return { source: { url }, sha256, size: (await stat(file)).size };
    },
    async fetch({ source, sha256 }, signal) {
      if ('url' in source) return download(source.url, sha256, signal);
      const found = await localFile(source.file);
      same(source.file, sha256, found.sha256);
      return found.file;
    },
  };
}

/** Another worker may do the same at this moment. */
async function removeOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const file = join(cache, name);
    const age = Date.now() - ((await stat(file).catch(() => null))?.mtimeMs ?? Infinity);
    if (age > KEPT) await rm(file, { force: true });
  }
}

function same(name: string, wanted: string, found: string): void {
  if (wanted !== found)
    throw new PawlError('ChecksumMismatch', `${name} has SHA-256 ${found}, not ${wanted}`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Every hop of a redirect must be allowed too. */
async function get(url: string, signal: AbortSignal, allowed?: readonly string[]): Promise<Response> {
  let next = new URL(url);
  for (let hop = 0; hop < 5; hop += 1) {
    const { href } = next;
    if (allowed && !allowed.some((beginning) => href.startsWith(beginning)))
      throw new PawlError(
        'ArtifactRefused',
        `${href} is not allowed; the cluster file allows ${allowed.join(', ') || 'no URL'} (artifacts.allowedUrls)`,
      );
    const response = await fetch(next, { signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location) next = new URL(location, next);
    else if (response.ok && response.body) return response;
    else throw new PawlError('ArtifactRefused', `${href} answers ${response.status}`);
  }
  throw new PawlError('ArtifactRefused', `${url} redirects more than five times`);
}
