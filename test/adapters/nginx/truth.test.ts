/** What was wanted of a server stays true, whatever happens to nginx; what nobody wanted is told, and left alone. */
import type { Reconciled, WantedTraffic } from '../../../src/contracts/world';
import { reachNginx, signal, type Reached } from './reached';

const OUT: WantedTraffic = { state: 'out' };
const DRAINING: WantedTraffic = { state: 'draining' };
const HELD: WantedTraffic = { state: 'in', weight: 5, held: true };

let at: Reached;
beforeAll(async () => (at = await reachNginx()));
afterAll(() => at?.stop());
beforeEach(async () => {
  for (const { backend, server } of places())
    await at.balancer.set(backend, server, { state: 'in', weight: 100 }, at.nextFence(), signal);
});

const places = () => ['n1', 'n2', 'n3'].map((server) => ({ backend: at.real.upstream, server }));
const reconcile = () => at.balancer.reconcile(places(), signal);
/** Goes on while another nginx of this machine is being loaded: the next round is what a busy lane waits for. */
async function reconcileWhatDiffers(): Promise<Reconciled> {
  for (let round = 1; ; round += 1) {
    const found = await reconcile();
    if (round === 10 || found.repaired.length + found.failed.length > 0) return found;
  }
}
const short = (list: Reconciled['kept']) => list.map(({ server, wanted }) => [server, wanted]);
const byHand = async (from: RegExp, to: string) => at.real.write((await at.real.read()).replace(from, to));

it.each([
  { wanted: OUT, shown: { state: 'out' } },
  { wanted: DRAINING, shown: { state: 'draining' } },
  { wanted: HELD, shown: { state: 'in', weight: 5 } },
])('$wanted is kept through a reload and a restart, and made so again after an edit', async (row) => {
  const { wanted, shown } = row;
  await at.set('n1', wanted);
  for (const befall of [at.real.reload, at.real.restart]) {
    await befall();
    expect(await reconcile()).toMatchObject({ repaired: [], failed: [], unowned: [] });
  }
  await byHand(/server (\S+) .*# n1.*/, 'server $1 weight=77; # n1');
  await at.real.reload();
  const { repaired, kept, failed, unowned } = await reconcileWhatDiffers();
  expect([short(repaired), short(kept), failed, unowned]).toEqual([
    [['n1', wanted]],
    [['n1', wanted]],
    [],
    [],
  ]);
  expect(repaired[0]!.says).toBe('weight=77 in a file that another hand has changed');
  expect(await at.facts('n1')).toMatchObject(shown);
  expect(await reconcile()).toMatchObject({ repaired: [], failed: [] });
});

it('a server that was handed back belongs to nobody: what is done to it by hand is told and stays', async () => {
  await at.set('n1', OUT);
  const [kept] = (await reconcile()).kept;
  await at.balancer.handBack({ ...kept!, epoch: kept!.epoch - 1 }, signal);
  expect((await reconcile()).kept).toHaveLength(1);
  await at.balancer.handBack(kept!, signal);
  await byHand(/; # n2/, ' down; # n2');
  await at.tell();
  for (let round = 0; round < 2; round += 1)
    expect(await reconcile()).toEqual({
      kept: [],
      repaired: [],
      failed: [],
      unowned: ['n1', 'n2'].map((server) => ({ backend: at.real.upstream, server, says: 'down' })),
    });
});

it('a write that nginx refused leaves nothing behind that would be kept', async () => {
  await at.set('n2', DRAINING);
  const good = await at.real.read();
  await at.real.write(`${good}nonsense;\n`);
  for (const server of ['n1', 'n2'])
    await expect(at.set(server, OUT)).rejects.toMatchObject({ type: 'BalancerRefused' });
  await at.real.write(good);
  expect(short((await reconcile()).kept)).toEqual([['n2', DRAINING]]);
});

it('names the change and since when; what cannot be made so is told with the reason', async () => {
  const fence = { epoch: Date.now() + 1_000, attempt: Date.now() };
  await at.balancer.raise(places(), fence, 'upgrade/one two', signal);
  await at.balancer.set(at.real.upstream, 'n3', OUT, fence, signal);
  expect((await reconcile()).kept).toMatchObject([{ by: 'upgrade/one two', since: fence.attempt }]);
  const good = await at.real.read();
  await at.real.write(good.replace(' down; # n3', '; # n3').replace('# n2', 'nonsense; # n2'));
  await expect(reconcile()).rejects.toMatchObject({ type: 'BalancerRefused' });
  await at.real.write(good.replace(' down; # n3', '; # n3').replace('; # n2', ' nonsense; # n2'));
  const { failed } = await reconcileWhatDiffers();
  expect(failed).toMatchObject([{ server: 'n3', why: expect.stringContaining('nonsense') as string }]);
  await at.real.write(good);
  await at.balancer.set(
    at.real.upstream,
    'n3',
    { state: 'in', weight: 100 },
    { ...fence, attempt: fence.attempt + 1 },
    signal,
  );
});
