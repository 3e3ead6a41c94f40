import { createCipheriv, createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../error';
import { run } from '../hosts/command';
import { asset, stateDir } from '../paths';

/** How a release of the example service misbehaves; nothing set means it behaves. */
export interface Behaviour {
  /** share of requests answered with 500, 0 to 1; health and version are spared */
  errorShare?: number;
  /** added to every answer but health, milliseconds */
  addMs?: number;
  /** what it does before it serves, milliseconds */
  startMs?: number;
  /** notes its start, then exits with 1 */
  willNotStart?: boolean;
  /** this path answers 500, e.g. `/path/one` */
  badPath?: string;
  /** health answers 503 */
  unhealthy?: boolean;
  /** memory kept for each request, KiB; health and version are spared */
  leakKiB?: number;
}

export interface ReleaseOptions {
  version: string;
  behaviour?: Behaviour;
  /** bytes that do not compress, in a file `ballast`: what has to be copied to each host */
  ballastKiB?: number;
}

export interface Artifact {
  file: string;
  sha256: string;
}

/** Fixed, so that equal input gives equal bytes. */
export const STAMP = '2026-01-01T00:00:00Z';

/**
 * Builds a release of the example service as a tarball of `bin/web`, `version`, `behaviour.json` and ballast.
 * The same version, behaviour and ballast give the same bytes.
 */
export async function makeRelease(release: ReleaseOptions): Promise<Artifact> {
  return build(`web-${release.version}.tar.gz`, async (folder, target) => {
    const content = join(folder, 'release');
    await mkdir(content);
    await writeRelease(content, release);
    const files = ['behaviour.json', 'bin', 'version', ...(release.ballastKiB ? ['ballast'] : [])];
    await pack(content, target, files);
  });
}

/** Equal files give equal bytes. */
export async function pack(folder: string, target: string, what: readonly string[]): Promise<void> {
  const tar = `${target}.tar`;
  const sameBytes = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', `--mtime=${STAMP}`];
  await run('tar', [...sameBytes, '-cf', tar, ...what], { cwd: folder });
  await run('gzip', ['--no-name', '--best', tar]);
  await rename(`${tar}.gz`, target);
}

/** Writes the files of a release into an existing folder. */
export async function writeRelease(
  folder: string,
  { version, behaviour = {}, ballastKiB = 0 }: ReleaseOptions,
): Promise<void> {
  if (!/^[0-9A-Za-z][0-9A-Za-z.+~-]{0,63}$/.test(version)) throw new LabError(`"${version}" is no version`);
  await mkdir(join(folder, 'bin'), { recursive: true });
  await copyFile(asset('lab/service/web.py'), join(folder, 'bin/web'));
  await writeFile(join(folder, 'version'), `${version}\n`);
  await writeFile(join(folder, 'behaviour.json'), JSON.stringify(behaviour) + '\n');
  await chmod(join(folder, 'bin'), 0o755);
  await chmod(join(folder, 'bin/web'), 0o755);
  if (ballastKiB) await writeFile(join(folder, 'ballast'), ballast(version, ballastKiB));
  for (const file of ['version', 'behaviour.json']) await chmod(join(folder, file), 0o644);
}

/** Each version has its own, and always the same. */
function ballast(version: string, kib: number): Buffer {
  const key = createHash('sha256').update(version).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(kib * 1024));
}

/**
 * Lets `make` write the artifact in a folder of its own, then puts it in place in one step: in a folder named after its
 * bytes, for two runs may make different ones of the same version, and by its name alone for people.
 */
export async function build(
  name: string,
  make: (folder: string, target: string) => Promise<void>,
): Promise<Artifact> {
  const releases = join(stateDir, 'releases');
  await mkdir(releases, { recursive: true });
  const folder = await mkdtemp(join(releases, '.building-'));
  try {
    const made = join(folder, name);
    await make(folder, made);
    const sha256 = createHash('sha256')
      .update(await readFile(made))
      .digest('hex');
    const home = join(releases, sha256.slice(0, 12));
    await mkdir(home, { recursive: true });
    const file = join(home, name);
    await copyFile(made, join(folder, 'newest'));
    await rename(made, file);
    await rename(join(folder, 'newest'), join(releases, name));
    return { file, sha256 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
