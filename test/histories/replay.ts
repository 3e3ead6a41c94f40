/** Replays recorded histories with the workflows of a source folder. */
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const payloadConverterPath = require.resolve('../../src/temporal/payload-converter');
/** below this folder */
export const FILES = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

/** @param source folder like `src` */
export async function codeOf(
  source: string,
  workflowInterceptorModules: string[] = [],
): Promise<ReplayWorkerOptions> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(source, 'workflows/index.ts'),
    payloadConverterPath,
    failureConverterPath: require.resolve('../../src/temporal/failure-converter'),
    workflowInterceptorModules,
    logger: new DefaultLogger('ERROR'),
  });
  return { workflowBundle, dataConverter: { payloadConverterPath } };
}

export function replay(code: ReplayWorkerOptions, file: string): Promise<void> {
  const history = JSON.parse(readFileSync(join(__dirname, file), 'utf8')) as {
    events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
  };
  // messages of the lease say whom they are for
  const id = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  return Worker.runReplayHistory(code, history, id);
}

/** A refused replay is said by the test, not by the runtime. */
export function beQuiet(): void {
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
}
