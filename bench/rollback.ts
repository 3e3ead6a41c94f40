/** npm run bench -- rollback: how soon after a word clients get no answer of a bad version any more, and what they lost. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { startLoad } from '../lab/load';
import { lastAnswer } from '../lab/load/last-answer';
import { TASK_QUEUE } from '../src/contracts/messages';
import type { Status } from '../src/contracts/status';
import { loadNow } from './machine';
import { Stand, type Release } from './stand';
import { spread } from './statistics';
import { upgradeInput } from './tools/pawl';

/** Requests a second. */
const RATE = 600;
/** Milliseconds for which clients get answers of both versions before the word. */
const BEFORE = 2_000;

interface Way {
  what: string;
  /** seconds that are aimed at */
  within: number;
  hosts: Parameters<typeof Stand.up>[0];
  /** what is asked for beside the release, until the word */
  input: object;
  /** the new version serves, and the run waits */
  serves: (status: Status) => boolean;
  /** returns when the old version serves everywhere */
  word: (client: Client, upgrade: WorkflowHandle, stand: Stand) => Promise<unknown>;
}

const BY = 'the benchmark';
const WAYS: Way[] = [
  {
    what: 'an emergency rollback of three of six hosts',
    within: 60,
    hosts: 6,
    input: { batches: [3, '100%'], soakSeconds: 3_600 },
    serves: ({ phase }) => phase === 'soaking',
    word: (client, _upgrade, { cluster }) =>
      client.workflow.execute('emergencyRollback', {
        taskQueue: TASK_QUEUE,
        workflowId: `back-${Date.now()}`,
        args: [{ cluster, service: 'web', reason: 'bench', by: BY }],
      }),
  },
  {
    what: 'blue/green of three and three hosts, switched back by one message',
    within: 15,
    hosts: { hosts: 3, idle: 3 },
    input: { strategy: 'blueGreen', batches: undefined },
    serves: ({ summary }) => summary.includes('kept warm'),
    word: async (_client, upgrade) => {
      await upgrade.executeUpdate('abort', { args: [{ by: BY, undo: true }] });
      await upgrade.result().catch((error: unknown) => {
        if (!(error instanceof WorkflowFailedError)) throw error;
      });
    },
  },
];

export async function rollback({ rounds }: { rounds: number }): Promise<boolean> {
  let well = true;
  for (const way of WAYS) well = (await measure(way, rounds)) && well;
  console.log(`load average ${loadNow()}`);
  return well;
}

async function measure(way: Way, rounds: number): Promise<boolean> {
  const stand = await Stand.up(way.hosts);
  const connection = await Connection.connect({ address: stand.temporal.address });
  try {
    const client = new Client({ connection });
    const all = [];
    for (let round = 0; round < rounds; round += 1) all.push(await once(way, stand, client));
    const { median, least, most } = spread(all.map(({ ms }) => ms / 1_000))!;
    const sent = all.reduce((sum, one) => sum + one.sent, 0);
    const failed = all.reduce((sum, one) => sum + one.failed, 0);
    console.log(
      `${way.what}, at ${RATE} requests/s: the last answer of the new version came ${median.toFixed(1)} s after the word (${least.toFixed(1)} to ${most.toFixed(1)}, ${way.within} aimed at); ${failed} of ${sent} requests failed`,
    );
    return failed === 0 && most <= way.within;
  } finally {
    await connection.close();
    await Stand.down();
  }
}

async function once(way: Way, stand: Stand, client: Client) {
  const release = await stand.newRelease();
  const upgrade = await begun(way, stand, client, release);
  const load = await startLoad({ url: stand.url, rate: RATE });
  try {
    await delay(BEFORE);
    const { byVersion } = await load.snapshot();
    if (!byVersion[release.version]?.ok) throw new Error(`${release.version} answers nobody before the word`);
    const word = () => way.word(client, upgrade, stand);
    const ms = await lastAnswer(release.version, [load], word, 120_000);
    return { ms, ...(await load.stop()) };
  } finally {
    await load.stop();
  }
}

/** The upgrade, as far as it is to come. */
async function begun(way: Way, stand: Stand, client: Client, release: Release): Promise<WorkflowHandle> {
  const upgrade = await client.workflow.start('rollingUpgrade', {
    taskQueue: TASK_QUEUE,
    workflowId: `bench-${release.version}-${Date.now()}`,
    args: [{ ...upgradeInput(stand, release), ...way.input }],
  });
  for (let end = Date.now() + 60_000; ; await delay(100)) {
    const status = await upgrade.query<Status>('status');
    if (way.serves(status)) return upgrade;
    if (status.endedAt || Date.now() > end) throw new Error(`not there: ${status.summary}`);
  }
}
