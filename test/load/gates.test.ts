/** Gates on real hosts under real load, with limits that a test has the time to prove. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { startMetrics } from '../../lab/hosts';
import { startLoad } from '../../lab/load';
import { makeRelease, type Behaviour } from '../../lab/service';
import type { GateStatus, Status } from '../../src/contracts/status';
import { full } from '../full';
import { longIt } from '../long';
import { killIfThere } from '../kill';
import { ended, Ground, reached } from '../lab/ground';
import { expectAllIn, expectTruth, underLoad } from '../lab/whole-run';

const RUNS = full ? 20 : 1;
/** Two percent take 149 requests instead of 2,995; the hosts share the processors with everything else here. */
const GATE = {
  availabilityPercent: 98,
  errorRatePercent: 2,
  p95ToleranceMs: 500,
  hostCpuPercent: 100,
  holdSeconds: 60,
};

/** Gates need evidence. */
const EVIDENCE = { rate: 200 };

let ground: Ground;
/** the same hosts, with a metrics server */
let measured: string;
beforeAll(async () => {
  ground = await Ground.up('test-gates', 3);
  const { url } = await startMetrics(ground.name);
  const file = parse(await readFile(ground.cluster, 'utf8')) as {
    services: { web: object };
    metrics?: object;
  };
  file.metrics = { url };
  file.services.web = {
    ...file.services.web,
    metrics: {
      latency: { histogram: 'http_request_duration_seconds', labels: { job: 'web' } },
      own: [{ name: 'hosts-that-report', query: 'count(up{job="node",instance=~"{hosts}"})', atLeast: 1 }],
    },
  };
  measured = join(dirname(ground.cluster), 'cluster-measured.yaml');
  await writeFile(measured, stringify(file));
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
// one of the tests kills it
beforeEach(() => ground.startWorker().then(() => undefined), 60_000);
jest.setTimeout(240_000);

async function start(version: string, behaviour: Behaviour, input: object = {}) {
  const artifact = await makeRelease({ version, behaviour });
  return ground.start({ version, artifact, batches: [1, '100%'], gate: GATE, ...input });
}

const last = ({ gates }: Pick<Status, 'gates'>): GateStatus | undefined => gates?.at(-1);
const claim = (status: Pick<Status, 'gates'>, name: string) =>
  last(status)?.claims?.find((one) => one.name === name)?.text ?? '';
const answered = (status: Pick<Status, 'gates'>) =>
  Number(/^errors: 0 of ([\d,]+) answers/.exec(claim(status, 'errors'))?.[1]?.replaceAll(',', '') ?? 0);
const holds = (status: Status) => last(status)?.verdict === 'hold';

it('a good release passes, though the worker is killed in the middle of a gate, which goes on counting', async () => {
  const worker = await ground.startWorker();
  // some 600 answers are needed, and the first host gets 66 each second
  const gate = { ...GATE, errorRatePercent: 0.5, availabilityPercent: 99.5 };
  const { result, requests } = await underLoad(
    ground,
    async () => {
      const run = await start('1.1.0', {}, { gate });
      const before = await reached(run, (status) => holds(status) && answered(status) > 100, 60_000);
      killIfThere(worker.pid);
      // it ends a moment after its kill
      await ground.stopWorker();
      await ground.startWorker();
      const after = await reached(run, (status) => answered(status) > answered(before), 60_000);
      return { before: answered(before), after: answered(after), ...(await ended(run)) };
    },
    EVIDENCE,
  );
  expect(result.end).toBe('succeeded');
  expect(requests.failures).toEqual([]);
  expect(result.report.gates).toMatchObject([
    {
      name: 'gate after batch 1',
      verdict: 'pass',
      text: expect.stringMatching(/errors: 0 of [\d,]+ answers; P95: /),
    },
    { name: 'gate after the last batch', verdict: 'pass' },
  ]);
});

it('5 % errors are found at the first host, which is put back', async () => {
  const { result, requests } = await underLoad(
    ground,
    async () => ended(await start('2.0.1', { errorShare: 0.05 })),
    EVIDENCE,
  );
  expect(result.end).toBe('RolledBack');
  expect(result.message).toMatch(/gate after batch 1: errors: \d+ of [\d,]+ answers \(.*\), more than 2 %/);
  expect(result.report.hosts.map(({ state }) => state)).toEqual(['undone', 'staged', 'staged']);
  expect(Object.keys(requests.byVersion).sort()).toEqual(['1.1.0', '2.0.1']);
  await expectTruth(ground, result.report);
  await expectAllIn(ground);
});

longIt('trickling traffic never passes: the change stops at its bound', async () => {
  const { result } = await underLoad(
    ground,
    async () => ended(await start('2.0.2', {}, { gate: { ...GATE, holdSeconds: 5 } })),
    { rate: 1 },
  );
  expect(result.end).toBe('RolledBack');
  expect(result.message).toMatch(/gate after batch 1: no pass within 5 s after the observation: .*errors: /);
  expect(last(result.report)).toMatchObject({ verdict: 'hold' });
  await expectAllIn(ground);
});

describe('with a metrics server', () => {
  longIt('half as slow again is found at the first host, which is put back', async () => {
    const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: 600 });
    try {
      const slow = await ended(await start('1.2.0', { addMs: 100 }, { gate: { enabled: false } }));
      expect(slow.end).toBe('succeeded');
      const result = await ended(await start('2.1.0', { addMs: 150 }, { cluster: measured }));
      expect(result.end).toBe('RolledBack');
      expect(result.message).toMatch(
        /P95: \d+ ms, \d+ of [\d,]+ answers slower than 1\d\d ms .*in the 10 minutes before/,
      );
      expect(result.report.hosts.map(({ state }) => state)).toEqual(['undone', 'staged', 'staged']);
    } finally {
      await load.stop();
    }
    await expectAllIn(ground);
  });

  longIt('that is killed meanwhile, a gate holds, and passes when it is back', async () => {
    const { result } = await underLoad(
      ground,
      async () => {
        const run = await start('1.3.0', { addMs: 100 }, { cluster: measured });
        await reached(run, ({ gates }) => (gates?.length ?? 0) > 0, 60_000);
        await ground.inside('lb1', 'systemctl', 'kill', '--signal=KILL', 'prometheus');
        const status = await reached(run, (seen) => claim(seen, 'P95').includes('ECONNREFUSED'), 30_000);
        await ground.inside('lb1', 'systemctl', 'restart', 'prometheus');
        return { status, ...(await ended(run)) };
      },
      EVIDENCE,
    );
    expect(last(result.status)).toMatchObject({ verdict: 'hold' });
    expect(result.end).toBe('succeeded');
    expect(result.report.gates!.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    expect(result.report.gates![0]!.text).toMatch(/P95: .* answers slower than/);
  });
});

describe('at 600 requests a second', () => {
  const gate = { ...GATE, memoryPercent: 100 };
  const loaded = { rate: 600 };
  const growth = ({ gates }: Pick<Status, 'gates'>) =>
    (gates?.[0]?.claims ?? gates?.[0]?.saw?.claims)?.find(({ name }) => name === 'memory growth')?.text;
  /** Mebibytes at the end of the first gate, of changed hosts and of peers. */
  const memory = ({ gates }: Pick<Status, 'gates'>) => {
    const [, [, , , , changed], [, , , , peers]] = gates![0]!.saw!.looks.at(-1)!;
    return { changed: changed!, peers: peers! };
  };

  // what its unit may use; the kernel of a lab does not see to it
  beforeAll(() =>
    Promise.all(
      ['n1', 'n2', 'n3'].map((host) =>
        ground.inside(host, 'systemctl', 'set-property', 'web.service', 'MemoryMax=512M'),
      ),
    ),
  );

  longIt('one that leaks is found at the first host, which is put back', async () => {
    const { result, requests } = await underLoad(
      ground,
      async () => ended(await start('2.2.0', { leakKiB: 16 }, { gate, soakSeconds: 120 })),
      loaded,
    );
    expect(result.end).toBe('RolledBack');
    expect(result.message).toMatch(
      /gate after batch 1: memory growth: \d+ MiB a minute at n1 \(peers not\), full in \d+ (s|min)/,
    );
    expect(result.report.hosts.map(({ state }) => state)).toEqual(['undone', 'staged', 'staged']);
    expect(requests.failures).toEqual([]);
    const { changed, peers } = memory(result.report);
    expect(changed).toBeGreaterThan(3 * peers);
    await expectAllIn(ground);
  });

  const bad: { what: string; version: string; behaviour: Behaviour; share: number }[] = [
    { what: '5 % errors', version: '2.3.0', behaviour: { errorShare: 0.05 }, share: 0.05 },
    { what: 'one path of ten', version: '2.3.1', behaviour: { badPath: '/path/one' }, share: 0.1 },
  ];
  longIt.each(bad)('one that fails at $what is found at the first host, which is put back', async (one) => {
    const { version, behaviour, share } = one;
    const { result, requests } = await underLoad(
      ground,
      async () => ended(await start(version, behaviour, { gate })),
      { ...loaded, slow: { share: 0.1, path: '/path/one' } },
    );
    expect(result.end).toBe('RolledBack');
    expect(result.message).toMatch(/gate after batch 1: errors: \d+ of [\d,]+ answers/);
    expect(result.report.hosts.map(({ state }) => state)).toEqual(['undone', 'staged', 'staged']);
    // its share of its own answers, and nothing else
    const { ok, failed } = requests.byVersion[version]!;
    expect(failed).toBeLessThan(1.5 * share * (ok + failed));
    expect(requests.failed).toBe(failed);
    await expectAllIn(ground);
  });

  /** As good as the one before, a tenth slower, a tenth faster again. */
  const good = Array.from({ length: RUNS }, (_, run) => ({
    version: `1.4.${run}`,
    addMs: run % 3 === 0 ? 110 : 100,
    memory: run === 0,
  }));
  longIt.each(good)('a good one is never stopped: $version, which adds $addMs ms', async (one) => {
    const { version, addMs, memory: long } = one;
    const input = {
      cluster: measured,
      // the hosts share the processors with everything else here
      gate: { hostCpuPercent: 100 },
      // a trend needs its time
      ...(long && { soakSeconds: 38 }),
    };
    const { result, requests } = await underLoad(
      ground,
      async () => ended(await start(version, { addMs }, input)),
      loaded,
    );
    expect([result.end, result.message]).toEqual(['succeeded', expect.any(String)]);
    expect(requests.failures).toEqual([]);
    expect(requests.latencyMs.p95).toBeLessThan(1_000);
    expect(result.report.gates!.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
    if (!long) return;
    expect(growth(result.report)).toMatch(/^memory growth: (none in \d+ s$|\d.* MiB a minute)/);
    const { changed, peers } = memory(result.report);
    expect(changed).toBeLessThan(2 * peers);
  });
});
