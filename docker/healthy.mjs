// Is the worker of this machine (or container) at work? Temporal is asked whether it has polled lately: a worker
// that hangs, or has lost its server, does not. Exit code 0 says yes.
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { Connection } from '@temporalio/client';

const require = createRequire(import.meta.url);
const { connectionConfig } = require('../dist/src/temporal/connection.js');
const { TASK_QUEUE } = require('../dist/src/contracts/messages.js');

/** `TASK_QUEUE_TYPE_ACTIVITY` */
const ACTIVITIES = 2;
/** A poll waits for a minute at the server. */
const LATELY_MS = 90_000;
const ANSWER_WITHIN_MS = 5_000;

const { connectionOptions, namespace } = connectionConfig();
const connection = await Connection.connect({ ...connectionOptions, connectTimeout: ANSWER_WITHIN_MS });
const { pollers } = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
  connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: ACTIVITIES,
  }),
);
await connection.close();
const ours = pollers.filter(({ identity }) => identity.startsWith(`pawl@${hostname()}:`));
const last = Math.max(...ours.map(({ lastAccessTime }) => Number(lastAccessTime.seconds) * 1_000));
if (Date.now() - last > LATELY_MS) {
  console.error(`no worker of ${hostname()} has polled ${TASK_QUEUE} lately`);
  process.exitCode = 1;
}
