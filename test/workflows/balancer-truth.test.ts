/** A lease keeps balancers as changes want them, and lives as long as something is kept. Only the hosts are imagined. */
import type { WorkflowHandle } from '@temporalio/client';
import type { BalancerFinding, BalancerNews, KeptPlace } from '../../src/contracts/balancer-truth';
import type { LeaseStart } from '../../src/contracts/lease';
import type { PlannedNotifications } from '../../src/contracts/notifications';
import type { Status } from '../../src/contracts/status';
import type { Company } from './harness';
import { FakeCluster, Harness, endOf, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, batches: ['100%'] };
const KEPT: KeptPlace = {
  service: 'web',
  host: 'n1',
  balancer: 'edge',
  wanted: 'out',
  by: 'offline-n1',
  since: '2026-11-24T10:12:03.000Z',
};
const STRAY: BalancerFinding = { key: 'unowned edge web/n3', service: 'web', what: 'n3 is out of rotation' };
const TO: PlannedNotifications = { progressSeconds: 0, channels: { ops: ['alert', 'allClear'] } };
const news = (more: Partial<BalancerNews>): BalancerNews => ({
  kept: [],
  findings: [],
  repaired: [],
  tell: { web: TO },
  ...more,
});

let clusters = 0;
const newCluster = () => new FakeCluster(['n1', 'n2', 'n3'], `truth${(clusters += 1)}`);

/** Starts a lease as somebody who asks does, and gives it back at once. */
async function leaseAlone({ lease, taskQueue, cluster }: Company, keeps?: true): Promise<WorkflowHandle> {
  const start: LeaseStart = {
    cluster: cluster.name,
    file: 'fake.yaml',
    before: { ended: true, epoch: 1, leftovers: [] },
  };
  return harness.env.client.workflow.start('lease', {
    taskQueue,
    workflowId: lease.workflowId,
    args: [{ ...start, ...(keeps && { keeps }) }],
  });
}

// time first: the test server skips no more of it once a run has ended before one of its activities
it('lives for months while a host is kept out, with a bounded history, and ends when it is handed back', async () => {
  const cluster = newCluster();
  cluster.kept = [KEPT];
  await harness.with(cluster, async (company) => {
    const first = await leaseAlone(company, true);
    const begun = await harness.env.currentTimeMs();
    await harness.env.sleep('60 days');
    expect((await harness.env.currentTimeMs()) - begun).toBeGreaterThan(59 * 86_400_000);
    const lives = cluster.balancerLooks.once;
    expect(lives).toBeGreaterThan(50);
    expect(lives).toBeLessThan(130);
    const { historyLength } = await company.lease.describe();
    expect(historyLength).toBeLessThan(100);
    const { line, summary, startedAt } = await until(company.lease, () => true);
    expect([line?.kept, summary]).toEqual([[KEPT], 'nobody holds anything; 1 kept as changes left them']);
    expect(Date.parse(startedAt)).toBeLessThan(begun + 86_400_000);
    const answer = company.lease.executeUpdate<string, [object]>('handBack', {
      args: [{ host: 'n1', by: 'ann' }],
    });
    expect(await answer).toBe('n1 is not kept out at edge any longer; it stays as it is until somebody acts');
    expect(await first.result()).toMatchObject({ phase: 'succeeded', summary: 'nobody holds anything' });
  });
});

it('that an older release has started asks balancers nothing', async () => {
  const cluster = newCluster();
  cluster.kept = [KEPT];
  await harness.with(cluster, async (company) => {
    await (await leaseAlone(company)).result();
    expect(cluster.balancerLooks).toEqual({ on: 0, once: 0 });
  });
});

it('stays while balancers cannot be asked, and takes changes meanwhile', async () => {
  const cluster = newCluster();
  cluster.kept = null;
  cluster.watchesAlways = true;
  await harness.with(cluster, async (company) => {
    await leaseAlone(company, true);
    await until(company.lease, () => cluster.balancerLooks.once > 0);
    expect((await endOf(await company.start(quick))).end).toBe('succeeded');
    cluster.kept = [];
  });
});

it('shows what is found, tells it once, and tells when it is over', async () => {
  const cluster = newCluster();
  cluster.kept = [KEPT];
  cluster.watchesAlways = true;
  const repair = 'n1 was UP at edge; it is out again';
  await harness.with(cluster, async (company) => {
    await leaseAlone(company, true);
    const shows = (wanted: (status: Status) => boolean) => until(company.lease, wanted);
    cluster.news.push(news({ kept: [KEPT], findings: [STRAY], repaired: [repair] }));
    const { leftToDo, notes } = await shows((status) => status.leftToDo.length > 0);
    expect(leftToDo[0]?.what).toMatch(/^n3 is out of rotation \(since .*Z\)$/);
    expect(notes[0]).toContain(repair);
    cluster.news.push(news({ kept: [KEPT], findings: [STRAY], repaired: [repair, repair] }));
    await shows((status) => status.notes.length === 3);
    cluster.news.push(news({ kept: [KEPT] }));
    await shows((status) => status.leftToDo.length === 0);
    cluster.kept = [];
    cluster.news.push(news({}));
    await company.lease.result();
    expect(cluster.told.map(({ line }) => line)).toEqual(['ops alert', 'ops allClear']);
    expect(cluster.told[0]?.announcement).toMatchObject({
      cluster: cluster.name,
      service: 'web',
      change: company.lease.workflowId,
      facts: { what: STRAY.what, effect: 'requests go to the other hosts' },
    });
    expect(new Set(cluster.told.map(({ announcement }) => announcement.id)).size).toBe(2);
  });
});

it('refuses to hand a host back on which a change works, and what makes no sense', async () => {
  const cluster = newCluster();
  cluster.watchesAlways = true;
  await harness.with(cluster, async (company) => {
    const one = await company.start({ ...quick, approvals: ['before' as const] });
    await until(one, ({ phase }) => phase === 'awaitingApproval');
    const handBack = (payload: object) =>
      company.lease.executeUpdate<string, [object]>('handBack', { args: [payload] });
    await expect(handBack({ host: 'n1', by: 'ann' })).rejects.toMatchObject({
      cause: { message: `${one.workflowId} works on n1 and answers for it` },
    });
    await expect(handBack({ host: 7 })).rejects.toThrow();
    expect(await handBack({ host: 'n9', by: 'ann' })).toBe('nothing is kept of n9');
    await one.executeUpdate('approve', { args: [{ by: 'ann' }] });
    expect((await endOf(one)).end).toBe('succeeded');
  });
});
