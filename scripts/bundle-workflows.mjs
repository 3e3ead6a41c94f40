// The workflow bundle: all that Temporal's sandbox may run, made ahead so that a worker starts quickly.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { root } from './ground.mjs';

/** What the sandbox and the worker around it must do alike. */
const CONVERTERS = ['payload', 'failure'].map((name) => `src/temporal/${name}-converter.ts`);
/** The layers that workflow code may import from. */
const LAYERS = ['src/workflows', 'src/contracts', 'src/domain', 'src/render'];
/** A second bundle, for workers that send traces. Only a build for production makes it. */
const TRACING = 'src/temporal/traced-workflows.ts';

/** @returns true when the bundle was made again */
export async function bundleWorkflows({ traced = false } = {}) {
  const target = traced ? 'workflow-bundle.traced.js' : 'workflow-bundle.js';
  const make = async () => {
    const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
    const [payloadConverterPath, failureConverterPath] = CONVERTERS.map((file) => join(root, file));
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'src/workflows/index.ts'),
      payloadConverterPath,
      failureConverterPath,
      workflowInterceptorModules: traced ? [join(root, TRACING)] : [],
      logger: new DefaultLogger('WARN'),
    });
    return code;
  };
  const made = await bundle(target, { folders: LAYERS, files: [...CONVERTERS, TRACING], make });
  // better none than one of older code: a worker that needs it makes its own
  if (made && !traced) await rm(join(root, 'dist/workflow-bundle.traced.js'), { force: true });
  return made;
}
