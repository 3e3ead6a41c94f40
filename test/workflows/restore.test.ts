/** A restore into a folder of its own: what it ends with, and what people hear of it. */
import { ApplicationFailure } from '@temporalio/common';
import { endOf, FakeCluster, fails, Harness, type End } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const FOLDER = '/var/lib/pawl-restored/shop-data-20260101T020000Z';
const ID = 'shop-data.db1.20260101T020000Z';

function cluster(): FakeCluster {
  const made = new FakeCluster();
  made.notifications = { progressSeconds: 0, channels: { ops: ['backupTrouble'] } };
  return made;
}
const once = (fake: FakeCluster, input = {}): Promise<End> =>
  harness.with(fake, async ({ start }) => endOf(await start(input, {}, 'restore')));
const news = ({ told }: FakeCluster) =>
  told.map(({ announcement }) => (announcement.facts as { news: string[] }).news.join(', '));

it('says where it lies, and how it is used', async () => {
  const fake = cluster();
  const { end, message, report } = await once(fake);
  expect([end, message]).toEqual(['succeeded', `${ID} is in ${FOLDER} on db2: 3 tables; it took 1 min`]);
  expect(report.notes).toEqual(['shop-data.db1.20260102T020000Z is too new', 'mariadbd on it']);
  expect(fake.journal).toEqual(['stageRestore db2', 'judgeStaged db2', 'clearRestore db2']);
  expect(news(fake)).toEqual([]);
});

it.each(['restore', 'restoreDrill', 'backup'])(
  'a mistake in the input of %s ends it before anything is touched',
  async (type) => {
    const fake = cluster();
    fake.trouble['plan'] = fails('BadInput', '1 mistake, nothing was touched', { mistakes: [] });
    const { end, message } = await harness.with(fake, async ({ start }) => endOf(await start({}, {}, type)));
    expect([end, message, fake.journal]).toEqual(['BadInput', '1 mistake, nothing was touched', []]);
    expect(news(fake)).toEqual([]);
  },
);

it('a plan touches nothing', async () => {
  const fake = cluster();
  const { end, message } = await once(fake, { dryRun: true });
  expect([end, message, fake.journal]).toEqual([
    'planned',
    `planned: ${ID}, which holds 2026-01-01T02:00:00Z, 976.6 KiB, to ${FOLDER} on db2`,
    [],
  ]);
});

it('what is otherwise stays for people to look at, and they hear of it', async () => {
  const fake = cluster();
  fake.wrong = ['shop.orders has other rows than it had'];
  const { end, message } = await once(fake);
  expect([end, message]).toEqual([
    'Failed',
    `${ID} is not restored: shop.orders has other rows than it had; it lies in ${FOLDER}, and is not to be trusted`,
  ]);
  expect(news(fake)).toEqual([`${ID} is not restored: shop.orders has other rows than it had`]);
  expect(fake.journal.at(-1)).toBe('clearRestore db2');
});

it.each(['stageRestore', 'judgeStaged'])(
  'where %s fails it is cleared up, and people hear of it',
  async (step) => {
    const fake = cluster();
    fake.trouble[`${step} db2`] = () => {
      throw ApplicationFailure.nonRetryable('db2: it cannot be read', 'JobFailed');
    };
    const { end, message } = await once(fake);
    expect([end, message]).toEqual(['Failed', `${ID} is not restored: db2: it cannot be read`]);
    expect([news(fake).length, fake.journal.at(-1)]).toEqual([1, 'clearRestore db2']);
  },
);
