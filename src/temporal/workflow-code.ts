/** What runs in the sandbox. It knows no settings, so those that concern it are chosen with its code. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';
import { log, temporalLogger } from './log';
import type { WorkerSettings } from './settings';
import { TRACING_IN_WORKFLOWS } from './tracing';

/** Made by `npm run build`, so that a worker starts quickly. */
const DIST = join(__dirname, '..', '..');
/** In `failure-converter.ts`. */
const OPEN = 'failure messages: open';
const SHUT = 'failure messages: shut';

/** @returns the bundle that was built, or where there is none, one that is made now */
export async function workflowCode(
  settings: Pick<WorkerSettings, 'encryption' | 'tracesUrl'>,
): Promise<WorkflowBundleOption> {
  const codePath = join(DIST, settings.tracesUrl ? 'workflow-bundle.traced.js' : 'workflow-bundle.js');
  const built = existsSync(codePath);
  if (built && !settings.encryption) return { codePath };
  const code = built ? await readFile(codePath, 'utf8') : await bundle(settings.tracesUrl !== undefined);
  return { code: settings.encryption ? withShutFailures(code) : code };
}

async function bundle(traced: boolean): Promise<string> {
  log.info('the workflows are bundled now, since `npm run build` has not done it');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, '..', 'workflows'),
    payloadConverterPath: join(__dirname, 'payload-converter'),
    failureConverterPath: join(__dirname, 'failure-converter'),
    workflowInterceptorModules: traced ? [require.resolve(TRACING_IN_WORKFLOWS)] : [],
    logger: temporalLogger,
  });
  return code;
}

/** As long as what it replaces: the places in the source map stay true. */
function withShutFailures(code: string): string {
  if (!code.includes(OPEN)) throw new Error('the bundle of the workflows is not of this release');
  return code.replaceAll(OPEN, SHUT);
}
