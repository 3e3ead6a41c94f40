// npm run build: TypeScript → dist, then the bundles of the workflows and of the command; only what is stale.
import { alone } from './alone.mjs';
import { bundleCommand } from './bundle-command.mjs';
import { bundleWorkflows } from './bundle-workflows.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { isMain, say, seconds } from './ground.mjs';
import { transpile } from './transpile.mjs';

/**
 * Safe beside other builds of the same clone, and to repeat.
 *
 * @param traced also the bundle of workers that send traces
 */
export async function build({ quiet = false, traced = false } = {}) {
  await ensureDependencies();
  await alone('build', async () => {
    const started = performance.now();
    const { written, removed } = await transpile();
    const bundled = await bundleWorkflows();
    if (traced) await bundleWorkflows({ traced });
    await bundleCommand();
    const done = [
      `${written} files written`,
      `${removed} removed`,
      ...(bundled ? ['workflow bundle made'] : []),
    ];
    if (!quiet || bundled) say(`built in ${seconds(started)}: ${done.join(', ')}`);
  });
}

if (isMain(import.meta)) {
  try {
    await build({ traced: process.argv.includes('--traced') });
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
