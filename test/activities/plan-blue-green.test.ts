/** Which hosts are which set, and what keeps them from changing places. */
import { planBlueGreen } from '../../src/activities/plan/blue-green';
import type { Observation } from '../../src/activities/plan/observe';
import { mustBeInOneSet } from '../../src/activities/plan/observe';
import { parseRollingUpgrade } from '../../src/activities/plan/rolling-upgrade';
import type { TrafficState } from '../../src/contracts/world';
import { strayFields } from '../../src/domain/blue-green';

const GOOD = { cluster: 'c.yaml', service: 'web', version: '2.0.0', artifact: { file: 'web.tar.gz' } };
const inputOf = (more: object = {}) => parseRollingUpgrade({ ...GOOD, strategy: 'blueGreen', ...more });

/** @param at state at each of two balancers; one word: the same at both */
function host(name: string, at: string, { weight = 100, version = '1.0.0' } = {}): Observation {
  const [edge, inner = edge] = at.split(' ') as TrafficState[];
  const facts = (state: TrafficState) => ({ state, weight, sessions: 0 });
  return {
    host: { name, places: [] },
    facts: { version, traffic: { edge: facts(edge!), inner: facts(inner!) }, freeMiB: 1_000 },
    kept: [],
    configs: {},
    mistakes: [],
  };
}
const planned = (seen: Observation[], more: object = {}) =>
  planBlueGreen(inputOf(more), seen, ({ facts }) => facts.version === GOOD.version);
const unready = (seen: Observation[], more: object = {}) =>
  planned(seen, more).unready.map(({ code, value }) => `${code} ${value}`);

it('the idle set comes first and is the one batch; whoever serves follows', () => {
  const seen = [host('a', 'in'), host('b', 'out'), host('c', 'in'), host('d', 'out')];
  const { hosts, coming, batches, maxUnavailable, blueGreen, unready } = planned(seen);
  const names = (list: Observation[]) => list.map((one) => one.host.name);
  expect([names(hosts), names(coming), batches]).toEqual([
    ['b', 'd', 'a', 'c'],
    ['b', 'd'],
    [{ adds: ['b', 'd'] }],
  ]);
  expect([maxUnavailable, blueGreen, unready]).toEqual([2, { warmSeconds: 600, stopOld: false }, []]);
});

it.each([
  { what: 'nobody is idle', seen: [host('a', 'in'), host('b', 'in')], found: ['noIdleSet blueGreen'] },
  { what: 'nobody serves', seen: [host('a', 'out'), host('b', 'out')], found: ['noLiveSet blueGreen'] },
  { what: 'nobody is there', seen: [], found: ['noLiveSet blueGreen'] },
  {
    what: 'there are fewer of them',
    seen: [host('a', 'in'), host('b', 'in'), host('c', 'out')],
    found: ['idleTooSmall c: 100 of 200 at edge', 'idleTooSmall c: 100 of 200 at inner'],
  },
  {
    what: 'they weigh less',
    seen: [host('a', 'in'), host('c', 'out', { weight: 99 })],
    found: ['idleTooSmall c: 99 of 100 at edge', 'idleTooSmall c: 99 of 100 at inner'],
  },
])('is not ready where $what', ({ seen, found }) => {
  expect(unready(seen)).toEqual(found);
});

it('a smaller set is taken where the input says so, and the plan says that', () => {
  const seen = [host('a', 'in'), host('b', 'in'), host('c', 'out')];
  const blueGreen = { minIdlePercent: 50, warmSeconds: 60 };
  expect(unready(seen, { blueGreen })).toEqual([]);
  expect(planned(seen, { blueGreen }).notes).toEqual([
    'idle: c; serves until the switch: a, b',
    'blueGreen.warmSeconds is 60 instead of the default 600',
    'blueGreen.minIdlePercent is 50 instead of the default 100',
  ]);
});

it('there is nothing to do where all who serve run the version', () => {
  const seen = [host('a', 'in', { version: '2.0.0' }), host('b', 'out')];
  const { hosts, batches, unready } = planned(seen);
  expect([hosts, batches, unready]).toEqual([[], [], []]);
});

it.each([
  ...['in', 'out'].map((at) => ({ at, active: 'active', found: [] as string[] })),
  ...['draining', 'down', 'unknown', 'in out', 'out in', 'in draining', 'out draining'].map((at) => ({
    at,
    active: 'active',
    found: ['neitherSet'],
  })),
  { at: 'out', active: 'inactive', found: [] },
  { at: 'in', active: 'inactive', found: ['notActive'] },
])('a host that is $at and $active: $found', ({ at, active, found }) => {
  const [edge, inner = edge] = at.split(' ') as TrafficState[];
  const facts = (state: TrafficState) => ({
    ...{ state, weight: 100, sessions: 0, says: state, healthy: true, generation: '1' },
  });
  const codes: string[] = [];
  mustBeInOneSet(
    {
      machine: { load: 'loaded', active, link: 'yes', version: '1.0.0', freeMiB: '1000' },
      traffic: { edge: facts(edge!), inner: facts(inner!) },
      service: {
        unit: 'web.service',
        name: 'web',
        release: { kind: 'tarball', releases: '/r', current: '/c' },
        limits: { switchSeconds: 1, healthySeconds: 1, freeMiB: 64, keepReleases: 5 },
      },
    },
    (code) => codes.push(code),
  );
  expect(codes).toEqual(found);
});

describe('fields of another strategy', () => {
  const hook = { name: 'sync', when: 'beforeSwitch', command: ['true'] };
  it.each([
    { input: { strategy: 'blueGreen', runOnce: [hook], approvals: ['before', 'beforeSwitch'] }, found: [] },
    {
      input: {
        strategy: 'blueGreen',
        hosts: ['n1'],
        batches: [1, '100%'],
        maxUnavailable: 2,
        maintenance: { minutes: 5, content: 'x' },
        consent: 'anna',
        failureBudget: 1,
        approvals: ['afterFirstBatch'],
      },
      found: [
        'hosts a list of 1',
        'batches a list of 2',
        'maxUnavailable 2',
        'maintenance a map of 3',
        'consent anna',
        'failureBudget 1',
        'approvals.0 afterFirstBatch',
      ],
    },
    {
      input: { blueGreen: {}, approvals: ['beforeSwitch'], runOnce: [hook] },
      found: ['blueGreen a map', 'approvals.0 beforeSwitch', 'runOnce.0.when beforeSwitch'],
    },
    { input: { strategy: 'canary', approvals: ['afterFirstBatch'], batches: [1, '100%'] }, found: [] },
  ])('$found', ({ input, found }) => {
    const mistakes = strayFields(parseRollingUpgrade({ ...GOOD, ...input }));
    expect(mistakes.map(({ path, value }) => `${path} ${value}`)).toEqual(found);
  });
});
