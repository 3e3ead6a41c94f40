// The workflow bundle: all that Temporal's sandbox may run, made ahead so that a worker starts quickly.
import { access, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root } from './ground.mjs';
import { digest, list, write } from './transpile.mjs';

const ENTRY = join(root, 'src/workflows/index.ts');
const BUNDLE = join(root, 'dist/workflow-bundle.js');
/** Workflows and their worker must read payloads alike. */
const CONVERTER = join(root, 'src/temporal/payload-converter.ts');
/** What the bundle was made from. Beside it, because the worker reads the source map from the bundle's end. */
const STAMP = join(root, 'dist/workflow-bundle.stamp');
/** The layers that workflow code may import from; package-lock.json stands for the SDK and zod. */
const INPUTS = ['src/workflows', 'src/contracts', 'src/domain', 'src/render'];

/** @returns true when the bundle was made again */
export async function bundleWorkflows() {
  if (!(await exists(ENTRY))) return false;
  const stamp = await inputs();
  if ((await exists(BUNDLE)) && (await readFile(STAMP, 'utf8').catch(() => '')) === stamp) return false;

  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: ENTRY,
    payloadConverterPath: CONVERTER,
    logger: new DefaultLogger('WARN'),
  });
  await write(BUNDLE, code);
  await write(STAMP, stamp);
  return true;
}

async function inputs() {
  const files = [
    ...(await list(INPUTS.map((folder) => join(root, folder)))),
    CONVERTER,
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
