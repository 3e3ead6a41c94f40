// The workflow bundle: all that Temporal's sandbox may run, made ahead so that a worker starts quickly.
import { access, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { root } from './ground.mjs';
import { digest, list, write } from './transpile.mjs';

const ENTRY = join(root, 'src/workflows/index.ts');
/** What the sandbox and the worker around it must do alike. */
const CONVERTERS = ['payload', 'failure'].map((name) => join(root, `src/temporal/${name}-converter.ts`));
/** The layers that workflow code may import from; package-lock.json stands for the SDK and zod. */
const INPUTS = ['src/workflows', 'src/contracts', 'src/domain', 'src/render'];
/** A second bundle, for workers that send traces. Only a build for production makes it. */
const TRACING = '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors';

/** @returns true when the bundle was made again */
export async function bundleWorkflows({ traced = false } = {}) {
  if (!(await exists(ENTRY))) return false;
  const bundle = join(root, 'dist', traced ? 'workflow-bundle.traced.js' : 'workflow-bundle.js');
  // what it was made from; beside it, because the worker reads the source map from the bundle's end
  const stamp = bundle.replace(/\.js$/, '.stamp');
  const made = await inputs();
  if ((await exists(bundle)) && (await readFile(stamp, 'utf8').catch(() => '')) === made) return false;

  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const [payloadConverterPath, failureConverterPath] = CONVERTERS;
  const { code } = await bundleWorkflowCode({
    workflowsPath: ENTRY,
    payloadConverterPath,
    failureConverterPath,
    workflowInterceptorModules: traced ? [createRequire(import.meta.url).resolve(TRACING)] : [],
    logger: new DefaultLogger('WARN'),
  });
  await write(bundle, code);
  await write(stamp, made);
  // better none than one of older code: a worker that needs it makes its own
  if (!traced) await rm(join(root, 'dist/workflow-bundle.traced.js'), { force: true });
  return true;
}

async function inputs() {
  const files = [
    ...(await list(INPUTS.map((folder) => join(root, folder)))),
    ...CONVERTERS,
    join(root, 'package-lock.json'),
  ];
  const parts = await Promise.all(files.map(async (file) => [relative(root, file), await readFile(file)]));
  return digest(...parts.flat());
}

function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}
