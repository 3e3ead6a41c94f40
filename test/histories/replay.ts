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

/** @returns by file, what its replay failed with, if it did. One worker for all: each takes longer to start than to replay. */
export async function replays(
  code: ReplayWorkerOptions,
  files: readonly string[],
): Promise<Map<string, Error | undefined>> {
  const outcomes = new Map<string, Error | undefined>();
  const waiting = [...files];
  // one after the other, in this order
  for await (const { error } of Worker.runReplayHistories(code, files.map(read)))
    outcomes.set(waiting.shift()!, error);
  return outcomes;
}

function read(file: string) {
  const history = JSON.parse(readFileSync(join(__dirname, file), 'utf8')) as {
    events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
  };
  // messages of the lease say whom they are for
  const { workflowId = '' } = history.events[0]?.workflowExecutionStartedEventAttributes ?? {};
  return { history, workflowId };
}

/** A refused replay is said by the test, not by the runtime. */
export function beQuiet(): void {
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
}
