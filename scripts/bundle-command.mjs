// The `pawl` command in one file: five hundred modules, one by one, take twice as long to load.
import { join, relative } from 'node:path';
import { bundle } from './bundle.mjs';
import { root } from './ground.mjs';

/** What is loaded by its path stays a file of its own. */
const byPath = {
  name: 'by-path',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
      kind === 'require-resolve'
        ? { path: `./${relative(root, join(resolveDir, path))}`, external: true }
        : undefined,
    );
  },
};

export function bundleCommand() {
  const make = async () => {
    const { build } = await import('esbuild');
    const { outputFiles } = await build({
      entryPoints: [join(root, 'src/client.ts')],
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node20',
      plugins: [byPath],
      // charts are loaded by the one command that draws them
      external: ['echarts'],
      supported: { 'dynamic-import': false },
      logLevel: 'error',
    });
    return outputFiles[0].text;
  };
  return bundle('pawl.js', { folders: ['src'], make });
}
