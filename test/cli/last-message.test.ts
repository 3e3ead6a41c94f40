/** A message that ends a run, on a real server, while others come all the time. */
import { Client, Connection } from '@temporalio/client';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { reached } from '../lab/ground';
import { FakeCluster } from '../workflows/harness';
import { imagined, Live } from './live';

let live: Live;
let connection: Connection;
const cluster = new FakeCluster(['n1', 'n2']);
beforeAll(async () => {
  cluster.watchesAlways = true;
  live = await Live.start();
  connection = await Connection.connect({ address: live.server.address });
  await live.startWorker(imagined(() => cluster));
}, 180_000);
afterAll(async () => {
  await connection?.close();
  await live?.stop();
}, 60_000);

const UPGRADE = {
  version: '2.0.0',
  artifact: { file: 'web.tar.gz' },
  approvals: ['before'],
  gate: { enabled: false },
};

/** So often that something comes within nearly every task. */
const MESSAGES = 40;
const ROUNDS = 10;

it.each([
  ['healthWatch', {}, 'running', 'the watch ends'],
  ['rollingUpgrade', UPGRADE, 'awaitingApproval', 'recorded'],
])(
  '%s: it has its answer, and is not lost',
  async (type, input, phase, words) => {
    const { workflow } = new Client({ connection });
    for (let round = 0; round < ROUNDS; round += 1) {
      const run = await workflow.start(type, {
        taskQueue: TASK_QUEUE,
        workflowId: `${type}-${round}`,
        args: [{ cluster: 'fake.yaml', service: 'web', ...input }],
      });
      await reached(run, (status) => status.phase === phase);
      // it may be over before the last of them
      const others = Array.from({ length: MESSAGES }, () => run.signal('nobodyKnows').catch(() => undefined));
      const answer = await run.executeUpdate<string, [object]>('abort', {
        args: [{ by: 'ann', undo: true }],
      });
      expect(answer).toContain(words);
      await Promise.all(others);
      await expect(run.result()).rejects.toThrow();
    }
  },
  120_000,
);
