import { parseNodeOffline } from '../../src/activities/plan/node-offline';
import { parseNodeOnline } from '../../src/activities/plan/node-online';
import { parseNodeReplacement } from '../../src/activities/plan/node-replacement';
import { differentIn } from '../../src/activities/equal';
import { capacityLeft } from '../../src/activities/plan/capacity';
import { leftRunning } from '../../src/activities/services';
import { FAILURES, PawlError, type Mistake } from '../../src/contracts/failures';

const OFFLINE = { cluster: 'c.yaml', service: 'web', hosts: ['n1'], reason: 'new disk', by: 'anna' };
const ONLINE = { cluster: 'c.yaml', service: 'web', hosts: ['n1'] };

function mistakesOf(work: () => unknown): Mistake[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
    return (error.details as { mistakes: Mistake[] }).mistakes;
  }
}

it('fills in safe defaults', () => {
  expect(parseNodeOffline(OFFLINE)).toEqual({
    ...OFFLINE,
    maxUnavailable: 1,
    drain: { deadlineSeconds: 300, onDeadline: 'putBack' },
    notify: true,
    approvals: [],
    onFailure: 'undo',
    personDeadlineHours: 72,
    unreachableSeconds: 120,
    dryRun: false,
  });
  expect(parseNodeOnline(ONLINE)).toMatchObject({
    ramp: [0, 10, 50, 100].map((percent) => ({ percent, seconds: 300 })),
    onWorse: 'stepBack',
    otherVersion: false,
    gate: { enabled: true, availabilityPercent: 99.9 },
    drain: { deadlineSeconds: 300, onDeadline: 'force' },
  });
});

it.each<{ input: object; paths: string[] }>([
  { input: {}, paths: [] },
  { input: { hosts: [] }, paths: ['hosts'] },
  { input: { hosts: undefined, reason: undefined, by: undefined }, paths: ['hosts', 'reason', 'by'] },
  { input: { hosts: ['n1', '-x', 3] }, paths: ['hosts.1', 'hosts.2'] },
  { input: { reason: 'a\nb' }, paths: ['reason'] },
  { input: { reason: '\u202eabc' }, paths: ['reason'] },
  { input: { reason: 'x'.repeat(501), by: '' }, paths: ['reason', 'by'] },
  { input: { drain: { onDeadline: 'cut' } }, paths: ['drain.onDeadline'] },
  { input: { maxUnavailable: '0%' }, paths: ['maxUnavailable'] },
  { input: { maxunavailable: 1 }, paths: ['maxunavailable'] },
  { input: { approvals: ['afterFirstBatch'] }, paths: ['approvals.0'] },
])('offline: $input is wrong at $paths', ({ input, paths }) => {
  expect(mistakesOf(() => parseNodeOffline({ ...OFFLINE, ...input })).map(({ path }) => path)).toEqual(paths);
});

it.each<{ input: object; paths: string[] }>([
  { input: {}, paths: [] },
  { input: { reason: 'x' }, paths: ['reason'] },
  { input: { ramp: [] }, paths: ['ramp'] },
  { input: { ramp: [{ percent: 101, seconds: -1 }] }, paths: ['ramp.0.percent', 'ramp.0.seconds'] },
  { input: { ramp: [{ percent: 0.5, seconds: 1 }] }, paths: ['ramp.0.percent'] },
  { input: { onWorse: 'back', otherVersion: 'yes' }, paths: ['onWorse', 'otherVersion'] },
])('online: $input is wrong at $paths', ({ input, paths }) => {
  expect(mistakesOf(() => parseNodeOnline({ ...ONLINE, ...input })).map(({ path }) => path)).toEqual(paths);
});

const PLANNED = {
  mode: 'planned',
  cluster: 'c.yaml',
  service: 'web',
  old: 'n1',
  new: 's1',
  reason: 'x',
  by: 'anna',
};
const EMERGENCY = {
  mode: 'emergency',
  cluster: 'c.yaml',
  service: 'web',
  host: 'n1',
  reason: 'x',
  by: 'anna',
};
it.each<{ input: object; paths: string[] }>([
  { input: PLANNED, paths: [] },
  { input: EMERGENCY, paths: [] },
  { input: { ...PLANNED, mode: undefined }, paths: ['mode'] },
  { input: { ...PLANNED, mode: 'quick' }, paths: ['mode'] },
  { input: { ...PLANNED, host: 'n1' }, paths: ['host'] },
  { input: { ...EMERGENCY, drain: {}, ramp: [] }, paths: ['drain', 'ramp'] },
  { input: { ...EMERGENCY, minServing: 0, host: '../n1' }, paths: ['host', 'minServing'] },
])('replacement: $input is wrong at $paths', ({ input, paths }) => {
  expect(mistakesOf(() => parseNodeReplacement(input)).map(({ path }) => path)).toEqual(paths);
});

it('is the same only with both sums, and with some', () => {
  const sums = { release: 'a', unit: 'b' };
  expect(differentIn(sums, sums)).toEqual([]);
  expect(differentIn({ ...sums, unit: 'c' }, sums)).toEqual(['unit file']);
  expect(differentIn({ release: '', unit: '' }, { release: '', unit: '' })).toEqual(['release', 'unit file']);
});

const ALL = ['n1', 'n2', 'n3', 'n4'];
it.each([
  { wanted: 1, serving: ALL, leaving: ['n1'], codes: [] },
  { wanted: 2, serving: ALL, leaving: ['n1', 'n2'], codes: [] },
  { wanted: 1, serving: ALL, leaving: ['n1', 'n2'], codes: ['tooManyOut'] },
  { wanted: 4, serving: ALL, leaving: ['n1'], codes: ['nobodyServing'] },
  { wanted: '100%', serving: ALL, leaving: ['n1'], codes: ['nobodyServing'] },
  // n4 is out already
  { wanted: 1, serving: ['n1', 'n2', 'n3'], leaving: ['n1'], codes: ['tooManyOut'] },
  { wanted: 2, serving: ['n1', 'n2', 'n3'], leaving: ['n1'], codes: [] },
  // one that serves nobody takes nobody's place
  { wanted: 1, serving: ['n1', 'n2', 'n3'], leaving: ['n4'], codes: [] },
])('at most $wanted out, $serving serve, $leaving go: $codes', ({ wanted, serving, leaving, codes }) => {
  const { never, now } = capacityLeft(wanted, { all: ALL, serving, leaving });
  expect([...never, ...now].map(({ code }) => code)).toEqual(codes);
});

it.each([
  { text: 'active=inactive\n', left: undefined },
  { text: 'active=failed\n', left: undefined },
  { text: 'active=deactivating\n', left: 'after the stop web.service is deactivating' },
  {
    text: 'active=inactive\nprocess=7 worker\nprocess=8 worker\n',
    left: 'after the stop of web.service there still runs worker (process 7), worker (process 8)',
  },
  {
    text: 'active=inactive\nlistener=33 nginx\n',
    left: 'after the stop nginx (process 33) listens on port 8080',
  },
  { text: '', left: 'after the stop web.service is unknown' },
])('$text leaves: $left', ({ text, left }) => {
  expect(leftRunning(text, 'web.service', 8080)).toBe(left);
});

it('what is left running cannot be mended by trying again', () => {
  expect(FAILURES.StillRunning.retryable).toBe(false);
});
