import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './error';
import { run } from './hosts/command';
import { withLock } from './hosts/lock';
import { cacheDir } from './paths';

export interface MetricsPrograms {
  prometheus: string;
  promtool: string;
  nodeExporter: string;
}

const PACKAGES = ['prometheus', 'prometheus-node-exporter'];

/**
 * Debian's Prometheus, its promtool and node exporter as programs in our cache. The packages themselves are not
 * installed: they would bring web fonts and start services.
 */
export async function metricsPrograms(): Promise<MetricsPrograms> {
  const folder = join(cacheDir, 'metrics');
  const target = join(folder, `debian-${process.arch}`);
  await withLock(folder, async () => {
    if (!existsSync(target)) await unpack(folder, target);
  });
  const bin = (name: string) => join(target, 'usr/bin', name);
  return {
    prometheus: bin('prometheus'),
    promtool: bin('promtool'),
    nodeExporter: bin('prometheus-node-exporter'),
  };
}

async function unpack(folder: string, target: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, '.unfinished-'));
  try {
    const download = () =>
      run('apt-get', ['download', '-qq', ...PACKAGES], { cwd: work, timeoutMs: 300_000 });
    // a fresh machine has no package lists
    await download().catch(async () => {
      await run('apt-get', ['update', '-qq'], { timeoutMs: 300_000 });
      await download();
    });
    for (const file of await readdir(work))
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', join(work, file), join(work, 'root')]);
    await rename(join(work, 'root'), target);
  } catch (error) {
    throw new LabError(`Prometheus cannot be had from Debian's packages: ${(error as Error).message}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
