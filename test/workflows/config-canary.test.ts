import { newFiles } from './fake-config';
import { FakeCluster, fails, Harness } from './harness';

let harness: Harness;
beforeAll(async () => (harness = await Harness.start()), 240_000);
afterAll(() => harness?.stop());
jest.setTimeout(60_000);

const run = (cluster: FakeCluster, input = {}) => harness.run(cluster, input, undefined, 'configCanary');
const WHERE = { cluster: 'fake.yaml', service: 'web' };
const made = () => {
  const cluster = new FakeCluster();
  for (const host of cluster.hosts) cluster.configs[host] = 'old';
  return cluster;
};

it('brings files to one host, then to all, each out of rotation meanwhile and proven before it is back', async () => {
  const cluster = made();
  const { end, message } = await run(cluster);
  expect([end, message]).toEqual(['succeeded', 'web has configuration abc on 3 hosts']);
  expect(cluster.configs).toEqual({ n1: 'new', n2: 'new', n3: 'new' });
  expect(cluster.mostOut).toBe(1);
  expect(cluster.journal.filter((line) => line.includes('n1') && !line.startsWith('stage'))).toEqual([
    'takeOut n1',
    'switchConfig n1',
    'n1 has new round 0',
    'proveHealthy n1',
    'proveServed n1',
    'putBack n1',
  ]);
  // nobody is touched before all have accepted the files
  expect(cluster.journal.indexOf('takeOut n1')).toBeGreaterThan(cluster.journal.indexOf('stageConfig n3'));
});

it('touches no host when one of them refuses the files', async () => {
  const cluster = made();
  cluster.trouble['stageConfig n3'] = fails('CommandFailed', 'n3: nginx -t refuses the files');
  const { end, message } = await run(cluster);
  expect([end, message]).toEqual(['Failed', expect.stringContaining('nginx -t refuses the files')]);
  expect(cluster.journal.filter((line) => line.startsWith('takeOut'))).toEqual([]);
});

it.each(['switchConfig', 'proveHealthy', 'proveServed'])(
  'takes every host back to its own files when %s fails at the second one',
  async (step) => {
    const cluster = made();
    cluster.configs.n1 = 'another old';
    let times = 0;
    cluster.trouble[`${step} n2`] = () => {
      if ((times += 1) === 1) fails('Unhealthy', 'spoilt')();
    };
    const { end } = await run(cluster);
    expect(end).toBe('RolledBack');
    expect(cluster.configs).toEqual({ n1: 'another old', n2: 'old', n3: 'old' });
    expect(cluster.out.size).toBe(0);
    expect(cluster.journal).not.toContain('takeOut n3');
  },
);

describe('a test host', () => {
  const withTest = () => {
    const cluster = made();
    cluster.testHost = 'n1';
    cluster.out.add('n1');
    return cluster;
  };
  const TRIED = [
    'stageConfig n1',
    'switchConfig n1',
    'n1 has new round 0',
    'proveHealthy n1',
    'proveServed n1',
  ];

  it('has the files, used and proven, before anything is done to another one, and stays out', async () => {
    const cluster = withTest();
    const { end } = await run(cluster);
    expect([end, cluster.configs]).toEqual(['succeeded', { n1: 'new', n2: 'new', n3: 'new' }]);
    expect(cluster.journal.slice(0, 5)).toEqual(TRIED);
    expect(cluster.journal.slice(5).filter((line) => line.includes('n1'))).toEqual([]);
    expect([...cluster.out]).toEqual(['n1']);
  });

  it.each(['stageConfig n1', 'switchConfig n1', 'proveHealthy n1', 'proveServed n1', 'stageConfig n3'])(
    'gets its own files back when %s fails, and no other one is changed',
    async (step) => {
      const cluster = withTest();
      let times = 0;
      cluster.trouble[step] = () => {
        if ((times += 1) === 1) fails('CommandFailed', 'spoilt')();
      };
      const { end, message } = await run(cluster);
      expect([end, message]).toEqual([
        step === 'stageConfig n1' ? 'Failed' : 'RolledBack',
        expect.stringContaining('spoilt'),
      ]);
      expect(cluster.configs).toEqual({ n1: 'old', n2: 'old', n3: 'old' });
      expect(cluster.journal.filter((line) => /^(takeOut|putBack|switchConfig n[23])/.test(line))).toEqual(
        [],
      );
      if (!step.endsWith('n3')) expect(cluster.journal).not.toContain('stageConfig n2');
    },
  );
});

describe('where nothing is restarted', () => {
  it('hosts serve on while they are switched, and are proven all the same', async () => {
    const cluster = made();
    cluster.inPlace = ['n1', 'n3'];
    const { end } = await run(cluster);
    expect([end, cluster.configs]).toEqual(['succeeded', { n1: 'new', n2: 'new', n3: 'new' }]);
    expect(cluster.journal.filter((line) => line.startsWith('takeOut'))).toEqual(['takeOut n2']);
    expect(cluster.journal.filter((line) => line.includes('n1') && !line.startsWith('stage'))).toEqual([
      'switchConfig n1',
      'n1 has new round 0',
      'proveHealthy n1',
      'proveServed n1',
      'putBack n1',
    ]);
  });

  it.each([
    ['switchConfig', 'undo', 'RolledBack'],
    ['proveHealthy', 'undo', 'RolledBack'],
    ['proveServed', 'undo', 'RolledBack'],
    ['proveServed', 'freeze', 'Frozen'],
  ] as const)('a host leaves when %s fails, before anything else (%s)', async (step, onFailure, ends) => {
    const cluster = made();
    cluster.inPlace = [...cluster.hosts];
    let times = 0;
    cluster.trouble[`${step} n2`] = () => {
      if ((times += 1) === 1) fails('Unhealthy', 'spoilt')();
    };
    const { end } = await run(cluster, { onFailure });
    expect(end).toBe(ends);
    const back = ['takeOut n2', 'switchConfig n2', 'n2 has old round 0', 'proveHealthy n2', 'putBack n2'];
    const rest = cluster.journal.slice(cluster.journal.indexOf('takeOut n2'));
    if (onFailure === 'freeze') {
      expect([...cluster.out]).toEqual(['n2']);
      expect(rest).toEqual(['takeOut n2']);
    } else {
      expect(rest.slice(0, 6)).toEqual(['takeOut n2', ...back]);
      expect(cluster.configs).toEqual({ n1: 'old', n2: 'old', n3: 'old' });
    }
  });

  it('one that fails within the budget gets its own files back, and the others go on', async () => {
    const cluster = made();
    cluster.inPlace = [...cluster.hosts];
    let times = 0;
    cluster.trouble['proveServed n2'] = () => {
      if ((times += 1) === 1) fails('Unhealthy', 'spoilt')();
    };
    const { end } = await run(cluster, { failureBudget: 1 });
    expect(end).toBe('succeeded');
    expect(cluster.configs).toEqual({ n1: 'new', n2: 'old', n3: 'new' });
    expect(cluster.out.size).toBe(0);
  });
});

it('goes on where it was when its history is long', async () => {
  const cluster = new FakeCluster(Array.from({ length: 60 }, (_, n) => `n${n + 1}`));
  for (const host of cluster.hosts) cluster.configs[host] = 'old';
  const quick = { batches: [1, '30%', '100%'], minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };
  const { end } = await run(cluster, { ...quick, gate: { enabled: false } });
  expect(end).toBe('succeeded');
  expect(new Set(Object.values(cluster.configs))).toEqual(new Set(['new']));
});

describe('with a version', () => {
  const withFiles = { config: { revision: 'main' }, minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };
  const upgrade = (cluster: FakeCluster) => harness.run(cluster, withFiles);

  it('comes in the step that switches the version', async () => {
    const cluster = made();
    const { end } = await upgrade(cluster);
    expect(end).toBe('succeeded');
    expect(cluster.journal.filter((line) => line.includes('n1'))).toEqual([
      'stage n1',
      'stageConfig n1',
      'takeOut n1',
      'switchRelease n1',
      'n1 runs 2.0.0 round 0',
      'proveHealthy n1',
      'proveServed n1',
      'putBack n1',
    ]);
    expect(cluster.configs).toEqual({ n1: 'new', n2: 'new', n3: 'new' });
  });

  it('goes back with it', async () => {
    const cluster = made();
    cluster.configs.n1 = 'another old';
    let times = 0;
    cluster.trouble['proveServed n2'] = () => {
      if ((times += 1) === 1) fails('Unhealthy', 'not served')();
    };
    const { end } = await upgrade(cluster);
    expect(end).toBe('RolledBack');
    expect(cluster.configs).toEqual({ n1: 'another old', n2: 'old', n3: 'old' });
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0', n3: '1.0.0' });
  });
});

describe('what has proven itself', () => {
  const since = '2026-01-01T00:00:00Z';
  const quick = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 };

  it('is version and configuration as one; of what was proven without one it is told what hosts had', async () => {
    const cluster = made();
    cluster.proven = [{ version: '1.0.0', since, change: 'upgrade-1' }];
    await run(cluster, quick);
    expect(cluster.stable).toEqual([
      '1.0.0 with before by a change, not 1.0.0',
      '1.0.0 with abc by a change',
    ]);
  });

  it('is nothing new of the set that served until the switch of blue/green', async () => {
    const cluster = made();
    cluster.idle = ['n3'];
    cluster.out.add('n3');
    cluster.proven = [{ version: '1.0.0', since, change: 'upgrade-1' }];
    const input = { ...quick, strategy: 'blueGreen', blueGreen: { warmSeconds: 0 } };
    const { end } = await harness.run(cluster, { ...input, config: { revision: 'main' } });
    expect([end, cluster.stable]).toEqual(['succeeded', ['2.0.0 with abc by a change']]);
  });

  it('is told by the label that all hosts had before the first change', async () => {
    const cluster = made();
    cluster.proven = [];
    for (const host of cluster.hosts) cluster.known[host] = 'c0';
    await run(cluster, quick);
    expect(cluster.stable).toEqual(['1.0.0 with c0 by nobody', '1.0.0 with abc by a change']);
  });

  it('of a version that brings no files has those that all hosts have', async () => {
    const cluster = made();
    cluster.proven = [{ version: '1.0.0', config: 'c0', since, change: 'upgrade-1' }];
    for (const host of cluster.hosts) cluster.known[host] = 'c0';
    await harness.run(cluster, quick);
    expect(cluster.stable).toEqual(['2.0.0 with c0 by a change']);
  });
});

it('a host gets the files of the others before it comes into service, and its own back where it fails', async () => {
  for (const fault of [undefined, 'weight 100 n3']) {
    const cluster = made();
    cluster.configs.n3 = 'its own';
    cluster.out.add('n3');
    cluster.service.stopped.add('n3');
    cluster.filesFirst = { ...newFiles(['n3']) };
    if (fault) cluster.trouble[fault] = fails('CommandFailed', 'no');
    const online = {
      ...WHERE,
      hosts: ['n3'],
      ramp: [{ percent: 100, seconds: 0 }],
      gate: { enabled: false },
    };
    const { end } = await harness.run(cluster, online, undefined, 'nodeOnline');
    expect([end, cluster.configs.n3, cluster.service.stopped.has('n3')]).toEqual(
      fault ? ['RolledBack', 'its own', true] : ['succeeded', 'new', false],
    );
    expect(cluster.journal.indexOf('startService n3')).toBeGreaterThan(
      cluster.journal.indexOf('switchConfig n3'),
    );
    if (!fault)
      expect(cluster.journal.indexOf('proveServed n3')).toBeLessThan(
        cluster.journal.indexOf('weight 100 n3'),
      );
  }
});
