import { Client } from '@temporalio/client';
import type { NativeConnection, ReplayWorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { Version } from './settings';
import { openRunsQuery } from './versioning';

/** More than these are not replayed: a start must not take minutes. */
const MOST_RUNS = 200;

/**
 * Replays the histories of all open runs with the code of this worker, before it takes any work.
 *
 * @returns one line for each run that this code would break
 */
export async function brokenRuns(
  connection: NativeConnection,
  namespace: string,
  options: ReplayWorkerOptions,
  version: Version | undefined,
): Promise<string[]> {
  const { workflow } = new Client({ connection, namespace });
  const open = workflow.list({ query: openRunsQuery(version) });
  // a replay needs a second workflow thread, which keeps its memory: not where there is nothing to replay
  if (await isEmpty(open)) return [];
  // what goes wrong here is told here, so it must not be encrypted on the way
  const { failureConverterPath: _encoded, ...dataConverter } = options.dataConverter ?? {};
  const broken: string[] = [];
  const histories = limited(open.intoHistories({ concurrency: 4 }));
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { ...options, dataConverter },
    histories,
  ))
    if (error) broken.push(`${workflowId}: ${error.message.split('\n')[0]}`);
  return broken;
}

async function isEmpty(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return false;
  return true;
}

async function* limited<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  let count = 0;
  for await (const item of items) {
    if (count === MOST_RUNS) return;
    count += 1;
    yield item;
  }
}
