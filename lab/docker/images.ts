import { attempt, run } from '../hosts/command';
import { say, telling } from '../temporal/words';
import { compose, IMAGES, PARTS } from './compose';
import type { Engine } from './engine';
import { debian, layOutParts } from './parts';

const DEBIAN = `${IMAGES}/debian`;
const LABEL = 'pawl.recipe';
/** With packages from a slow mirror. */
const BUILD_LIMIT_MS = 15 * 60_000;
/** Of images that no name leads to any more: layers of older code. */
const KEPT = '72h';

/** Makes every image that the override file names; what is made already is kept. */
export async function makeImages(signal: AbortSignal): Promise<void> {
  await layOutParts(PARTS, signal);
  await importDebian(signal);
  const options = { timeoutMs: BUILD_LIMIT_MS, signal };
  const env = { NPM_CONFIG_REGISTRY: await registry() };
  await telling('docker: images', async () => {
    const node = ['--network', 'host', '--build-arg', `DEBIAN_IMAGE=${DEBIAN}`, '--tag', `${IMAGES}/node`];
    await run('docker', ['build', ...node, `${PARTS}/node`], { ...options, env });
    await compose(['build'], { ...options, env });
  });
}

async function importDebian(signal: AbortSignal): Promise<void> {
  const { tar, recipe } = await debian(signal);
  const format = `{{index .Config.Labels "${LABEL}"}}`;
  const { stdout } = await attempt('docker', ['image', 'inspect', '--format', format, DEBIAN]);
  if (stdout.trim() === recipe) return;
  const change = ['--change', `LABEL ${LABEL}=${recipe}`, '--change', 'CMD ["bash"]'];
  await run('docker', ['import', ...change, tar, DEBIAN], { signal });
}

/** The one that this machine's npm uses. */
async function registry(): Promise<string> {
  return (await run('npm', ['config', 'get', 'registry'])).trim();
}

/** Images that no name leads to, such as stages of a build. */
export async function namelessImages(): Promise<string[]> {
  return lines(await run('docker', ['image', 'ls', '--quiet', '--filter', 'dangling=true']));
}

/**
 * An engine of ours keeps images for the next time, somebody else's none of them.
 *
 * @param before nameless images that were there already
 */
export async function tidyImages({ ours }: Engine, before: readonly string[]): Promise<void> {
  if (ours) {
    await run('docker', ['image', 'prune', '--force', '--filter', `until=${KEPT}`]);
    return;
  }
  await remove(lines(await run('docker', ['image', 'ls', '--format', '{{.Repository}}', `${IMAGES}/*`])));
  await remove((await namelessImages()).filter((id) => !before.includes(id)));
}

async function remove(images: readonly string[]): Promise<void> {
  if (images.length === 0) return;
  const { code, stderr } = await attempt('docker', ['image', 'rm', ...new Set(images)]);
  if (code !== 0) say(`docker: images are left: ${stderr.trim()}`);
}

const lines = (text: string) => text.split('\n').filter(Boolean);
