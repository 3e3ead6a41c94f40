/** What was wanted of a server stays true, whatever happens to HAProxy; what nobody wanted is told, and left alone. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Reconciled, WantedTraffic } from '../../../src/contracts/world';
import { reachHaproxy, signal, type Reached } from './reached';

const OUT: WantedTraffic = { state: 'out' };
const DRAINING: WantedTraffic = { state: 'draining' };
const HELD: WantedTraffic = { state: 'in', weight: 5, held: true };

let at: Reached;
const places = () => ['n1', 'n2', 'n3'].map((server) => ({ backend: at.real.backend, server }));
const reconcile = () => at.balancer.reconcile(places(), signal);
const byHand = (command: string) => at.real.ask(command.replaceAll('web/', `${at.real.backend}/`));
/** What is wanted and whom it was done for, without times. */
const short = (list: Reconciled['kept']) => list.map(({ server, wanted }) => [server, wanted]);

describe.each([{ readsState: true }, { readsState: false }])(
  'HAProxy that reads state: $readsState',
  (options) => {
    beforeAll(async () => (at = await reachHaproxy(options)));
    afterAll(() => at.stop());
    beforeEach(() => at.reset());

    const happenings: Record<string, () => Promise<unknown>> = {
      reload: () => at.real.reload(),
      restart: () => at.real.restart(),
      'kill -9': () => at.real.kill(),
      'edit by hand': () => byHand('set weight web/n1 77;set server web/n1 state ready'),
    };

    it.each(
      [
        { wanted: OUT, shown: { state: 'out' } },
        { wanted: DRAINING, shown: { state: 'draining' } },
        { wanted: HELD, shown: { state: 'in', weight: 5 } },
      ].flatMap((row) => Object.keys(happenings).map((what) => ({ ...row, what }))),
    )('$wanted, then $what', async ({ wanted, shown, what }) => {
      await at.set('n1', wanted);
      expect(await reconcile()).toMatchObject({ repaired: [], failed: [], unowned: [] });
      const { n1 } = at.real.servers;
      const before = n1!.requests;
      await happenings[what]!();
      const survives = options.readsState && what !== 'edit by hand';
      // it never got a request meanwhile, unlike at the beginning
      if (survives) {
        if (wanted !== HELD) await Promise.all(Array.from({ length: 9 }, () => at.real.request()));
        expect(await at.facts('n1')).toMatchObject(wanted === HELD ? { weight: 5 } : shown);
        if (wanted !== HELD) expect(n1!.requests).toBe(before);
      }
      const { repaired, kept, failed, unowned } = await reconcile();
      expect([short(repaired), short(kept), failed, unowned]).toEqual([
        survives ? [] : [['n1', wanted]],
        [['n1', wanted]],
        [],
        [],
      ]);
      await at.shows('n1', shown as object);
      expect(await reconcile()).toMatchObject({ repaired: [], failed: [] });
    });

    it('a server that was handed back belongs to nobody: what is done to it by hand is told and stays', async () => {
      await at.set('n1', OUT);
      await at.set('n1', { state: 'in', weight: 100 });
      await byHand('set server web/n1 state drain;set server web/n2 state maint;set weight web/n3 0');
      for (let round = 0; round < 2; round += 1)
        expect(await reconcile()).toEqual({
          kept: [],
          repaired: [],
          failed: [],
          unowned: [
            { backend: at.real.backend, server: 'n1', says: expect.stringMatching(/^DRAIN/) as string },
            { backend: at.real.backend, server: 'n2', says: 'MAINT' },
            {
              backend: at.real.backend,
              server: 'n3',
              says: expect.stringContaining('at weight 0') as string,
            },
          ],
        });
      expect(await at.facts('n2')).toMatchObject({ state: 'out' });
    });
  },
);

describe('what is kept', () => {
  beforeAll(async () => (at = await reachHaproxy({ readsState: true })));
  afterAll(() => at.stop());
  beforeEach(() => at.reset());

  const state = async () =>
    (await readFile(at.real.stateFile, 'utf8'))
      .split('\n')
      .slice(2)
      .map((row) => row.split(' ')[3])
      .filter(Boolean);

  it('is what HAProxy reads at its start, and nothing else is: newer configuration counts for all others', async () => {
    await Promise.all([at.set('n1', OUT), at.set('n2', DRAINING), at.set('n3', HELD)]);
    expect(await state()).toEqual(['n1', 'n2', 'n3']);
    await at.set('n3', { state: 'in', weight: 100 });
    expect(await state()).toEqual(['n1', 'n2']);
    await at.real.configure((text) => text.replaceAll('weight 100', 'weight 60'));
    await at.real.reload();
    expect(await at.facts('n1')).toMatchObject({ state: 'out', weight: 60 });
    await at.set('n2', { state: 'in', weight: 60 });
    await at.real.reload();
    await at.shows('n3', { state: 'in', weight: 60 });
    await at.real.configure((text) => text.replaceAll('weight 60', 'weight 100'));
    await at.real.reload();
    await at.set('n1', { state: 'in', weight: 100 });
    expect(await state()).toEqual([]);
  });

  it('is written again where that file is lost, cut, or of another backend', async () => {
    await at.set('n1', OUT);
    const whole = await readFile(at.real.stateFile, 'utf8');
    for (const damage of [
      '',
      whole.slice(0, -40),
      whole.replaceAll(at.real.backend, 'renamed'),
      'nonsense\n',
    ]) {
      await writeFile(at.real.stateFile, damage);
      await at.real.reload();
      expect(await reconcile()).toMatchObject({ failed: [], repaired: [{ server: 'n1' }] });
      expect(await at.facts('n1')).toMatchObject({ state: 'out' });
      expect(await state()).toEqual(['n1']);
    }
    await rm(at.real.stateFile);
    await reconcile();
    expect(await state()).toEqual(['n1']);
  });

  it('is dropped when an older Pawl beside this one has put the server back, and when somebody hands it back', async () => {
    await at.set('n1', OUT);
    // it writes the fence, tells HAProxy, and knows of no more
    const { epoch, attempt } = at.nextFence();
    await writeFile(
      `/var/lib/pawl/lanes/haproxy/${at.real.backend}/n1.fence`,
      `${`${epoch} ${attempt}`.padEnd(63)}\n`,
    );
    await byHand('set server web/n1 state ready');
    expect((await reconcile()).repaired).toEqual([]);
    expect((await reconcile()).kept).toEqual([]);
    await at.set('n2', OUT);
    const [kept] = (await reconcile()).kept;
    await at.balancer.handBack({ ...kept!, epoch: kept!.epoch - 1 }, signal);
    expect(await state()).toEqual(['n2']);
    await at.balancer.handBack(kept!, signal);
    expect(await state()).toEqual([]);
    expect(await reconcile()).toMatchObject({ kept: [], unowned: [{ server: 'n2', says: 'MAINT' }] });
  });

  it('passes nothing on that HAProxy refused', async () => {
    const refused = (server: string, wanted: WantedTraffic) =>
      expect(at.set(server, wanted)).rejects.toMatchObject({
        type: 'BalancerRefused',
      });
    await refused('n9', OUT);
    await at.set('n2', OUT);
    await refused('n2', { state: 'in', weight: 257 });
    expect(short((await reconcile()).kept)).toEqual([['n2', OUT]]);
  });

  it('names the change and since when; a newer one wins, and the fence stays where it was', async () => {
    const [older, newer] = [at.nextFence(), { ...at.nextFence(), epoch: Date.now() + 1_000 }];
    await at.balancer.raise(places(), older, 'upgrade/one two', signal);
    await at.balancer.set(at.real.backend, 'n1', OUT, older, signal);
    const [one] = (await reconcile()).kept;
    expect(one).toMatchObject({ wanted: OUT, by: 'upgrade/one two', since: older.attempt });
    await at.balancer.raise(places(), newer, 'upgrade-two', signal);
    // nobody has said otherwise yet
    await byHand('set server web/n1 state ready');
    expect((await reconcile()).repaired).toMatchObject([
      { by: 'upgrade/one two', says: expect.stringMatching(/^UP/) },
    ]);
    await at.balancer.set(at.real.backend, 'n1', { state: 'draining' }, newer, signal);
    expect((await reconcile()).kept).toMatchObject([{ wanted: DRAINING, by: 'upgrade-two' }]);
    await expect(at.balancer.set(at.real.backend, 'n1', OUT, older, signal)).rejects.toMatchObject({
      type: 'Fenced',
    });
    await at.balancer.set(at.real.backend, 'n1', { state: 'in', weight: 100 }, newer, signal);
    expect((await reconcile()).kept).toEqual([]);
  });
});
