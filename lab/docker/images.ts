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

/** An engine of ours keeps images for the next time, somebody else's none of them. */
export async function tidyImages({ ours }: Engine): Promise<void> {
  if (ours) {
    await run('docker', ['image', 'prune', '--force', '--filter', `until=${KEPT}`]);
    return;
  }
  const listed = await run('docker', ['image', 'ls', '--format', '{{.Repository}}', `${IMAGES}/*`]);
  const names = [...new Set(listed.split('\n').filter(Boolean))];
  const { code, stderr } = await attempt('docker', ['image', 'rm', ...names]);
  if (names.length > 0 && code !== 0) say(`docker: images are left: ${stderr.trim()}`);
}
