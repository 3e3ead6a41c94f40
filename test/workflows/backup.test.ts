/** What a backup does when something fails, and what people hear of it. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { mistakeText } from '../../src/domain/mistakes';
import { backupPlan } from './fake-backups';
import { endOf, FakeCluster, Harness, type End } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const HOST = ['openStore', 'takeBackup', 'readBack', 'publishBackup', 'clearBackup'];
const stepsOf = ({ journal }: FakeCluster, host: string) =>
  journal.flatMap((line) => {
    const [name, of] = line.split(' ');
    return of === host && HOST.includes(name!) ? [name] : [];
  });
const news = ({ told }: FakeCluster) =>
  told.map(({ announcement }) => (announcement.facts as { news: string[] }).news.join(', '));

/** No retry of Temporal's can mend it. */
function no(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'CommandFailed');
}

function cluster(...plans: Parameters<typeof backupPlan>[0][]): FakeCluster {
  const made = new FakeCluster();
  made.notifications = { progressSeconds: 0, channels: { ops: ['backupTrouble'] } };
  made.backups = (plans.length ? plans : [{}]).map(backupPlan);
  return made;
}

async function once(fake: FakeCluster, type = 'backup'): Promise<End> {
  return harness.with(fake, async ({ start }) => endOf(await start({}, {}, type)));
}

it('takes, reads back, publishes, and only then lets old ones go', async () => {
  const fake = cluster();
  const { end, report } = await once(fake);
  expect(end).toBe('succeeded');
  for (const host of ['db1', 'db2']) expect(stepsOf(fake, host)).toEqual(HOST);
  expect(fake.journal.slice(-2)).toEqual(['thinBackups db1+db2', 'clear after thin db1']);
  expect(report.notes).toEqual(['no longer kept: shop-data.db1.old']);
  expect(report.summary).toBe('shop-data is backed up on db1, db2, and read back');
  expect(report.steps[0]!.note).toMatch(
    /^shop-data\.db1\.\d{8}T\d{9}Z: 976\.6 KiB in 3 tables, read back; the store grew by 1000 bytes$/,
  );
  expect(news(fake)).toEqual([]);
});

it('each host has the kind and what it builds on from the plan, in every attempt', async () => {
  const parent = { id: 'shop-data.db2.20260101T020000Z', toLsn: '4711' };
  const fake = cluster({
    hosts: [
      { name: 'db1', bytes: 1_000_000, kind: 'full', parent: null },
      { name: 'db2', bytes: 1_000_000, kind: 'incremental', parent },
    ],
  });
  let failed = false;
  fake.trouble['readBack db2'] = () => {
    if (failed) return;
    failed = true;
    no('db2: no luck');
  };
  const { report } = await once(fake);
  expect(fake.journal.filter((line) => /^(from|published) /.test(line)).sort()).toEqual([
    ...['from db1 -', 'from db2 4711', 'from db2 4711'],
    ...['published db1 full -', `published db2 incremental ${parent.id}`],
  ]);
  expect(report.steps.map(({ note }) => note)).toEqual([
    expect.not.stringContaining('full'),
    expect.stringMatching(/Z: incremental, 976\.6 KiB/),
  ]);
});

it.each(['openStore', 'takeBackup', 'readBack', 'publishBackup'])(
  'where %s fails once, the next attempt is a backup of its own',
  async (step) => {
    const fake = cluster();
    let failed = false;
    fake.trouble[`${step} db1`] = () => {
      if (failed) return;
      failed = true;
      no('db1: no luck');
    };
    const { end, report } = await once(fake);
    expect([end, stepsOf(fake, 'db1').filter((name) => name === 'publishBackup')]).toEqual([
      'succeeded',
      ['publishBackup'],
    ]);
    expect(stepsOf(fake, 'db1').filter((name) => name === 'clearBackup')).toHaveLength(2);
    expect(report.timeline?.map(({ what }) => what)).toContain('db1: no luck');
    expect(news(fake)).toEqual([]);
  },
);

it('one host that fails for good keeps the other from nothing, and people hear of it', async () => {
  const fake = cluster();
  fake.trouble['readBack db1'] = () => no('db1: it holds other bytes than were sent');
  const { end, report } = await once(fake);
  expect([end, report.phase]).toEqual(['Failed', 'failed']);
  expect(stepsOf(fake, 'db2')).toEqual(HOST);
  expect(stepsOf(fake, 'db1')).not.toContain('publishBackup');
  // of a host without a new one nothing goes
  expect(fake.journal).toContain('thinBackups db2');
  expect(report.leftToDo.map(({ host }) => host)).toEqual(['db1']);
  expect(news(fake)).toEqual(['db1 is not backed up: it holds other bytes than were sent']);
});

it('where all fail nothing goes', async () => {
  const fake = cluster();
  for (const host of ['db1', 'db2']) fake.trouble[`takeBackup ${host}`] = () => no('no luck');
  const { end } = await once(fake);
  expect([end, fake.journal.some((line) => line.startsWith('thin'))]).toEqual(['Failed', false]);
});

it('that old ones stay is no failure of a backup', async () => {
  const fake = cluster();
  fake.trouble['thinBackups db1+db2'] = () => no('the repository is in use');
  const { end, report } = await once(fake);
  expect([end, report.notes]).toEqual([
    'succeeded',
    ['old backups are still there: the repository is in use'],
  ]);
});

it('a database that does not answer is looked at again; when it stays so, people hear of it and nothing is begun', async () => {
  const trouble = [
    { code: 'CommandFailed', path: 'hosts.db1', value: 'db1', rule: 'the server does not answer' },
  ];
  const well = cluster({ trouble }, {});
  expect((await once(well)).end).toBe('succeeded');
  const ill = cluster({ trouble });
  const { end, message } = await once(ill);
  expect([end, message]).toEqual(['BadInput', expect.stringContaining('the server does not answer')]);
  expect([ill.journal, news(ill)]).toEqual([[], [mistakeText(trouble[0]!, 'input')]]);
});

it('the same silence is told once; what a catalogue that cannot be read knew is neither over nor new', async () => {
  const fake = cluster();
  fake.silences = [['late db1'], ['late db1'], ['unread'], ['late db1', 'late db2'], [], ['late db1']];
  await harness.with(fake, async ({ taskQueue }) => {
    const handle = await harness.env.client.workflow.start('backups', {
      ...{ taskQueue, workflowId: `backups-${randomUUID()}`, args: [{}], cronSchedule: '0 * * * *' },
    });
    await harness.env.sleep('361 minutes');
    await handle.terminate();
  });
  expect(news(fake)).toEqual([
    'there is late db1',
    'there is unread',
    'there is late db2',
    'there is late db1',
  ]);
});

it('a drill is proven only where nothing is otherwise', async () => {
  const well = cluster();
  const { end, message } = await once(well, 'restoreDrill');
  expect([end, message]).toEqual([
    'succeeded',
    'shop-data.db1.20260101T020000Z can be restored: 3 tables; it could be used after 1 min',
  ]);
  const bad = cluster();
  bad.wrong = ['shop.orders has other rows than it had'];
  expect((await once(bad, 'restoreDrill')).end).toBe('Failed');
  expect(news(bad)).toEqual([
    'shop-data.db1.20260101T020000Z is not proven: shop.orders has other rows than it had',
  ]);
  for (const one of [well, bad]) expect(one.journal.at(-1)).toBe('clearDrill db1');
});
