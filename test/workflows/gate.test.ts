import type { Look } from '../../src/contracts/gate';
import type { GateStatus } from '../../src/contracts/status';
import { sight } from '../render/sights';
import { FakeCluster, fails, Harness, until } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(180_000);

const WEEK = 7 * 86_400;
const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };
const gate = { holdSeconds: 600 };
/** One look in each, at the second of its number. */
const seenAt = (nth: number) => ({
  ...sight(1),
  looks: sight(1).looks.map(([, ...of]) => [nth, ...of]) as Look[],
});
const verdictsOf = (gates: { name: string; verdict: string }[] = []) =>
  gates.map(({ name, verdict }) => `${name}: ${verdict}`);

describe('a gate', () => {
  it('judges after each batch, from one beginning each', async () => {
    const cluster = new FakeCluster();
    const { end, report } = await harness.run(cluster, { gate });
    expect(end).toBe('succeeded');
    expect(verdictsOf(report.gates)).toEqual(['gate after batch 1: pass', 'gate after the last batch: pass']);
    const [first, ...later] = cluster.looks;
    expect([
      first!.tally,
      first!.changed.map(({ name }) => name),
      first!.others.map(({ name }) => name),
    ]).toEqual([null, ['n1'], ['n2', 'n3']]);
    // a look that begins counting is a fresh start, the others go on from it
    const beginnings = cluster.looks.flatMap((look, nth) => (look.tally ? [] : [nth]));
    expect(beginnings).toHaveLength(2);
    expect(later.filter(({ tally }) => tally).every(({ tally }) => beginnings.includes(tally!.begunAt))).toBe(
      true,
    );
  });

  it('stops a release at the first host, and it is undone', async () => {
    const cluster = new FakeCluster();
    cluster.verdicts = ['hold', 'fail'];
    const { end, message, report } = await harness.run(cluster, { gate });
    expect(end).toBe('RolledBack');
    expect(message).toContain('gate after batch 1: fail at look 2');
    expect(Object.values(cluster.versions)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
    expect(verdictsOf(report.gates)).toEqual(['gate after batch 1: fail']);
    expect(cluster.journal).not.toContain('takeOut n2');
  });

  it('freezes where the plan says so', async () => {
    const cluster = new FakeCluster();
    cluster.verdicts = ['fail'];
    const { end } = await harness.run(cluster, { gate, onFailure: 'freeze' });
    expect([end, cluster.versions['n1']]).toEqual(['Frozen', '2.0.0']);
  });

  it('holds until its evidence is there', async () => {
    const cluster = new FakeCluster();
    cluster.verdicts = [...Array<'hold'>(8).fill('hold'), 'pass'];
    const { end, report } = await harness.run(cluster, { ...quick, gate });
    expect(end).toBe('succeeded');
    expect(verdictsOf(report.gates)).toEqual(['gate after batch 1: pass', 'gate after the last batch: pass']);
  });

  it('that cannot tell stops the change at its bound, with the reason', async () => {
    const cluster = new FakeCluster();
    cluster.verdicts = ['hold'];
    const { end, message, report } = await harness.run(cluster, { ...quick, gate });
    expect(end).toBe('RolledBack');
    expect(message).toMatch(
      /gate after batch 1: no pass within 600 s after the observation: hold at look \d+/,
    );
    const minutes = (Date.parse(report.endedAt!) - Date.parse(report.startedAt)) / 60_000;
    expect(minutes).toBeGreaterThan(9.9);
    expect(minutes).toBeLessThan(15);
  });

  it('that cannot be measured holds, too', async () => {
    const cluster = new FakeCluster();
    for (let nth = 0; nth < 200; nth += 1)
      cluster.trouble[`gate ${nth}`] = fails('Failed', 'a mistake of ours');
    const { end, message } = await harness.run(cluster, { ...quick, gate });
    expect(end).toBe('RolledBack');
    expect(message).toContain('it could not be measured: a mistake of ours');
  });

  it('knows that what is usual could not be measured', async () => {
    const cluster = new FakeCluster();
    cluster.trouble['usual'] = fails('Failed', 'nobody answers');
    await harness.run(cluster, { gate });
    expect(cluster.looks[0]!.usual).toEqual({ p95Ms: null, from: 'it was not measured (nobody answers)' });
  });

  it('keeps what it saw and said for the report, and more of it the longer it looks', async () => {
    const cluster = new FakeCluster();
    cluster.sees = seenAt;
    const { report } = await harness.run(cluster, { gate });
    const { claims, saw } = report.gates![0]!;
    expect(claims).toBeUndefined();
    expect(saw!.claims).toMatchObject([{ name: 'errors', verdict: 'pass' }]);
    const at = saw!.looks.map(([seconds]) => seconds);
    expect(at.length).toBeGreaterThan(3);
    expect(at).toEqual([...at].sort((one, other) => one - other));
  });

  it('begins anew when it is tried again', async () => {
    const cluster = new FakeCluster();
    cluster.sees = seenAt;
    cluster.verdicts = ['hold', 'hold', 'hold', 'fail', 'pass'];
    const { report } = await harness.run(cluster, { ...quick, gate, onFailure: 'ask' }, async (handle) => {
      await until(handle, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
      await handle.executeUpdate('retry', { args: [{ by: 'ann' }] });
    });
    const failedAt = cluster.looks.findIndex(({ tally }, nth) => nth > 0 && !tally);
    expect(report.gates![0]!.verdict).toBe('pass');
    expect(report.gates![0]!.saw!.looks[0]![0]).toBeGreaterThan(failedAt);
  });

  it('leaves a bounded history over a week of soak, and a few kilobytes for its charts', async () => {
    const cluster = new FakeCluster(['n1', 'n2']);
    cluster.verdicts = ['hold', ...Array<'pass'>(20).fill('pass'), 'hold', 'pass'];
    cluster.sees = (nth) => {
      const { looks, ...rest } = sight(60);
      return {
        ...rest,
        looks: looks.map(([, ...figures], at) => [nth * 604_800 + at * 10_000.5, ...figures]),
      };
    };
    let length = 0;
    const { end, report } = await harness.run(
      cluster,
      { gate, soakSeconds: WEEK, watchSeconds: 0 },
      async (handle) => {
        await handle.result();
        length = Number((await handle.describe()).historyLength);
      },
    );
    expect(end).toBe('succeeded');
    expect(length).toBeLessThan(2_500);
    expect(cluster.looks.length).toBeLessThan(250);
    const [{ saw }] = report.gates as [GateStatus];
    expect(saw!.looks).toHaveLength(48);
    expect(JSON.stringify(saw!.looks).length).toBeLessThan(5_000);
  });

  it('goes over from run to run when the history is long', async () => {
    const cluster = new FakeCluster(Array.from({ length: 60 }, (_, n) => `n${n + 1}`));
    const { end, report } = await harness.run(cluster, { ...quick, gate, batches: [1, 59, '100%'] });
    expect(end).toBe('succeeded');
    expect(verdictsOf(report.gates)).toEqual([
      'gate after batch 1: pass',
      'gate after batch 2: pass',
      'gate after the last batch: pass',
    ]);
    expect(cluster.looks.every(({ usual }) => usual.p95Ms === 20)).toBe(true);
  });
});

describe('people and a gate that holds', () => {
  const holding = () => {
    const cluster = new FakeCluster(['n1', 'n2']);
    cluster.verdicts = ['hold'];
    return cluster;
  };
  const holds = ({ waitingFor }: { waitingFor: { what: string } | null }) =>
    waitingFor?.what.includes('holds until') === true;

  it('promote it, which is recorded', async () => {
    const cluster = holding();
    const { end, report } = await harness.run(cluster, { ...quick, gate }, async (handle) => {
      for (const batch of [1, 2]) {
        await until(handle, (status) => holds(status) && status.batch?.index === batch);
        await handle.executeUpdate('promote', { args: [{ by: 'ann' }] });
      }
    });
    expect(end).toBe('succeeded');
    expect(verdictsOf(report.gates)).toEqual([
      'gate after batch 1: promoted',
      'gate after the last batch: promoted',
    ]);
    expect(report.gates![0]!.text).toMatch(/^by ann, when it said hold: hold at look/);
  });

  it('pause it, which stops its clock', async () => {
    const cluster = holding();
    const { end, report } = await harness.run(
      cluster,
      { ...quick, gate: { holdSeconds: 20 } },
      async (handle) => {
        await until(handle, holds);
        await handle.executeUpdate('pause', { args: [{ by: 'ann' }] });
        await until(handle, ({ phase }) => phase === 'paused');
        await harness.env.sleep('2h');
        const { phase } = await until(handle, () => true);
        expect(phase).toBe('paused');
        await handle.executeUpdate('resume', { args: [{ by: 'ann' }] });
        await until(handle, holds);
      },
    );
    expect(end).toBe('RolledBack');
    const hours = (Date.parse(report.endedAt!) - Date.parse(report.startedAt)) / 3_600_000;
    expect(hours).toBeGreaterThan(2);
    expect(hours).toBeLessThan(2.1);
  });

  it.each([true, false])('abort it, with undo %p', async (undo) => {
    const cluster = holding();
    const { end } = await harness.run(cluster, { ...quick, gate }, async (handle) => {
      await until(handle, holds);
      await handle.executeUpdate('abort', { args: [{ by: 'ann', undo }] });
    });
    expect([end, cluster.versions['n1']]).toEqual(['Aborted', undo ? '1.0.0' : '2.0.0']);
  });

  it('are asked where the plan says so: again, then on', async () => {
    const cluster = holding();
    cluster.verdicts = ['fail', 'fail', 'pass'];
    const asks = ({ waitingFor }: { waitingFor: { answers: { message: string }[] } | null }) =>
      waitingFor?.answers[0]?.message === 'retry';
    const { end, report } = await harness.run(
      cluster,
      { ...quick, gate, onFailure: 'ask' },
      async (handle) => {
        await until(handle, asks);
        await handle.executeUpdate('retry', { args: [{ by: 'ann' }] });
        await until(handle, (status) => asks(status) && cluster.looks.length >= 4);
        await handle.executeUpdate('promote', { args: [{ by: 'ann' }] });
      },
    );
    expect(end).toBe('succeeded');
    expect(verdictsOf(report.gates)).toEqual(['gate after batch 1: fail', 'gate after the last batch: pass']);
  });
});
