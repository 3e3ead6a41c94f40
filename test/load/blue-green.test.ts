/** Two sets of real hosts behind HAProxy and nginx: switched there and back under load. */
import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad } from '../../lab/load';
import { lastAnswer } from '../../lab/load/last-answer';
import { makeRelease } from '../../lab/service';
import type { Mistake } from '../../src/contracts/failures';
import { busy, full } from '../full';
import { ended, Ground, reached } from '../lab/ground';
import { installed } from '../lab/whole-run';

const OLD = ['n1', 'n2', 'n3'];
const IDLE = ['i1', 'i2', 'i3'];

const ENOUGH = full ? 20_000 : 5_000;

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-blue-green', OLD.length, { idle: IDLE.length, nginx: true });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

const start = async (version: string, more: object = {}) =>
  ground.start({ version, artifact: await makeRelease({ version }), strategy: 'blueGreen', ...more });
const isWarm = (run: WorkflowHandle) => reached(run, ({ summary }) => summary.includes('kept warm'), 60_000);
const versions = (hosts: string[]) => Promise.all(hosts.map((host) => installed(ground, host)));

/** Names of those that get requests, at each balancer by its own word. */
async function serving(): Promise<Record<string, string[]>> {
  const states = await ground.servers();
  const lines = (await ground.inside('lb2', 'cat', '/etc/nginx/pawl/web.servers')).split('\n');
  const up = lines.filter((line) => !line.includes(' down'));
  return {
    edge: Object.keys(states)
      .filter((name) => states[name] === 'UP')
      .sort(),
    inner: up.map((line) => line.split('# ')[1]!).sort(),
  };
}
const all = (hosts: string[]) => ({ edge: [...hosts].sort(), inner: [...hosts].sort() });

it('all mistakes are told at once, and a host between the sets is one', async () => {
  await ground.haproxy('set server web/n2 state drain');
  const run = await start('1.3.0', {
    batches: [1, '100%'],
    consent: 'anna',
    approvals: ['afterFirstBatch'],
    dryRun: true,
  });
  const { end, details } = await ended(run);
  await ground.haproxy('set server web/n2 state ready');
  const { mistakes } = details[0] as { mistakes: Mistake[] };
  expect([end, mistakes.map(({ code, path }) => `${code} ${path}`)]).toEqual([
    'BadInput',
    [
      'neitherSet hosts.n2',
      'notWithStrategy batches',
      'notWithStrategy consent',
      'notWithStrategy approvals.0',
    ],
  ]);
});

it('there and back by one message, without losing a request', async () => {
  expect(await serving()).toEqual(all(OLD));
  const [first, second] = [ground.address('lb1'), ground.address('lb2')];
  const loads = await Promise.all([
    startLoad({ url: `http://${first}/`, rate: busy(650) }),
    startLoad({ url: `http://${second}/`, rate: 200 }),
  ]);
  // some are at work whenever something happens; they have their time to end
  const slow = await startLoad({ url: `http://${first}/slow?ms=3000`, rate: 2 });
  try {
    const run = await start('1.1.0', { watchSeconds: 5 });
    await isWarm(run);
    expect(await serving()).toEqual(all(IDLE));
    expect([await versions(IDLE), await versions(OLD)]).toEqual([
      IDLE.map(() => '1.1.0'),
      OLD.map(() => '1.0.0'),
    ]);
    await delay(2_000);
    const abort = () => run.executeUpdate('abort', { args: [{ by: 'the test', undo: true }] });
    const ms = await lastAnswer('1.1.0', loads, abort, 30_000);
    const { end, message } = await ended(run);
    expect([end, message]).toEqual(['Aborted', 'stopped by the test; everything is as it was']);
    const sent = (await Promise.all(loads.map((load) => load.snapshot()))).reduce(
      (sum, one) => sum + one.sent,
      0,
    );
    // as many as a second of both brings, until there are enough
    await delay(Math.max(0, ((ENOUGH + 500 - sent) / (busy(650) + 200)) * 1_000));
    const results = await Promise.all([...loads, slow].map((load) => load.stop()));
    const requests = results.reduce((sum, one) => sum + one.sent, 0);
    console.log(`${requests} requests; ${ms} ms from the word to the last answer of the new version`);
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(requests).toBeGreaterThan(ENOUGH);
    for (const { byVersion } of results) expect(byVersion['1.1.0']?.ok).toBeGreaterThan(0);
    expect(ms).toBeLessThan(15_000);
    expect(await serving()).toEqual(all(OLD));
    expect([await versions(IDLE), await versions(OLD)]).toEqual([
      IDLE.map(() => '1.0.0'),
      OLD.map(() => '1.0.0'),
    ]);
  } finally {
    await Promise.all([...loads, slow].map((load) => load.stop()));
  }
});

it('comes through: the sets have changed places, also for reloads and for the next one', async () => {
  const blueGreen = { warmSeconds: 1, stopOld: true };
  const run = await start('1.2.0', { blueGreen });
  const { end, message } = await ended(run);
  expect([end, message]).toEqual(['succeeded', 'web runs 1.2.0 on 3 hosts; out of rotation: n1, n2, n3']);
  await ground.inside('lb1', 'systemctl', 'reload', 'haproxy');
  await ground.inside('lb2', 'systemctl', 'reload', 'nginx');
  await delay(500);
  expect(await serving()).toEqual(all(IDLE));
  for (const host of OLD)
    expect(await ground.inside(host, 'systemctl', 'is-active', 'web').catch(() => 'stopped')).toBe('stopped');
  const again = await ended(await start('1.2.0', { blueGreen }));
  expect(again.message).toBe('nothing to do: every host that serves runs web 1.2.0 already');
  const next = await ended(await start('1.3.0', { dryRun: true }));
  expect(next.report.notes).toContain('idle: n1, n2, n3; serves until the switch: i1, i2, i3');
  const back = await ended(await start('1.3.0', { blueGreen: { warmSeconds: 1 } }));
  expect([back.end, await serving(), await versions(OLD)]).toEqual([
    'succeeded',
    all(OLD),
    OLD.map(() => '1.3.0'),
  ]);
});

it('an emergency after that brings the set that stands by in, where the others lack the release', async () => {
  const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: busy(600) });
  try {
    const run = await ground.startAs('emergencyRollback', { reason: 'orders fail', by: 'the test' });
    const { end, message, report } = await ended(run);
    expect([end, message]).toEqual([
      'succeeded',
      'all requests of web go to 1.2.0; out of rotation: n1, n2, n3',
    ]);
    expect(report.notes).toContain('i1 of the idle set comes in: not all others can go back');
    expect(report.leftToDo.map(({ host }) => host)).toEqual(OLD);
    expect(await serving()).toEqual(all(IDLE));
  } finally {
    expect((await load.stop()).failures).toEqual([]);
  }
});
