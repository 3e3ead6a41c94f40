/** What a change wants of a balancer stays true during the change and after it, whatever happens to HAProxy. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { makeRelease } from '../../lab/service';
import { leaseId } from '../../src/contracts/lease';
import type { Status } from '../../src/contracts/status';
import { longIt } from '../long';
import { Ground, ended, reached } from './ground';
import { makeSlowRelease } from './odd-releases';
import { QUICK } from './scene';
import { expectAllIn, underLoad, untilBusy } from './whole-run';

/** Milliseconds that were promised. */
const PROMISED = 30_000;

let ground: Ground;
let told: string;
beforeAll(async () => {
  ground = await Ground.up('test-truth', 3);
  told = join(dirname(ground.cluster), 'told');
  const cluster = parse(await readFile(ground.cluster, 'utf8')) as object;
  const channels = { app: { kind: 'file', folder: told } };
  await writeFile(ground.cluster, stringify({ ...cluster, notifications: { channels } }));
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(90_000);

const there = (text: string) => ground.inside('lb1', 'sh', '-c', text);
const state = async (host: string) => (await ground.servers().catch(() => null))?.[host] ?? 'no answer';

/** What befalls a HAProxy that goes on with what it finds at its start. */
const STRIKES = ['systemctl reload haproxy', 'systemctl restart haproxy', 'pkill -9 haproxy'];

/** Of the HAProxy that answers; empty while none does. */
const pid = async () => /^Pid: (\d+)$/m.exec(await ground.haproxy('show info').catch(() => ''))?.[1] ?? '';

/** Weight of a server as HAProxy has it; null while it gives no answer. */
async function weight(host: string): Promise<number | null> {
  const rows = await ground.haproxy('show servers state web').catch(() => '');
  const row = rows.split('\n').find((line) => line.split(' ')[3] === host);
  return row === undefined ? null : Number(row.split(' ')[7]);
}

async function answer<T>(ask: () => Promise<T>, none: T): Promise<T> {
  for (;;) {
    const said = await ask();
    if (said !== none) return said;
  }
}

/** What HAProxy that has just started says of a server first, and what it has sent there in its first second. */
async function firstSecond(host: string): Promise<{ said: string; requests: number }> {
  const said = await answer(() => state(host), 'no answer');
  await delay(1_000);
  const rows = (await ground.haproxy('show stat -1 4 -1')).split('\n').map((row) => row.split(','));
  const column = rows[0]!.indexOf('stot');
  const row = rows.find(([backend, server]) => backend === 'web' && server === host)!;
  return { said, requests: Number(row[column]) };
}

/** Milliseconds until a server is as it should be. */
async function until(host: string, wanted: RegExp): Promise<number> {
  const begun = performance.now();
  while (!wanted.test(await state(host))) {
    if (performance.now() - begun > PROMISED) throw new Error(`${host} is ${await state(host)}`);
    await delay(20);
  }
  return Math.round(performance.now() - begun);
}

const lease = () => ground.client.workflow.getHandle(leaseId('test-truth'));
const lines = async () => (await readFile(join(told, 'notifications.jsonl'), 'utf8')).trim().split('\n');

it('reloads all through an upgrade bring no request to a host that is out', async () => {
  const over = new AbortController();
  let reloads = 0;
  const reloading = (async () => {
    for (; !over.signal.aborted; reloads += 1) {
      await there('systemctl reload haproxy');
      await delay(600);
    }
  })();
  const version = '5.0.0';
  const artifact = await makeRelease({ version });
  const { result, requests } = await underLoad(ground, async () =>
    ended(await ground.start({ ...QUICK, version, artifact })),
  ).finally(() => over.abort());
  await reloading;
  expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('on 2 hosts')]);
  expect(requests.failures).toEqual([]);
  expect(reloads).toBeGreaterThan(3);
  await expectAllIn(ground);
});

it('a host that a change leaves out stays out until it is handed back; one that somebody took out is told', async () => {
  const version = '5.1.0';
  const artifact = await makeSlowRelease(version, 5, 'n1');
  const checks = [{ name: 'never', command: ['false'] }];
  const handle = await ground.start({ ...QUICK, version, artifact, checks, onFailure: 'freeze' });
  await reached(handle, ({ hosts }) => hosts[0]?.state === 'changing');
  const { result: first } = await underLoad(ground, async () => {
    const seen = [];
    for (const strike of ['systemctl restart haproxy', 'pkill -9 haproxy']) {
      await there(strike);
      seen.push(await firstSecond('n1'));
    }
    return seen;
  });
  expect(first).toEqual([
    { said: 'MAINT', requests: 0 },
    { said: 'MAINT', requests: 0 },
  ]);
  await ground.haproxy('set server web/n1 state ready');
  const guarded = await until('n1', /MAINT/);
  expect((await ended(handle)).end).toBe('Frozen');

  const shown = (wanted: (status: Status) => boolean) => reached(lease(), wanted);
  expect((await shown(({ line }) => line?.kept?.length === 1)).line?.kept).toMatchObject([
    { service: 'web', host: 'n1', balancer: 'edge', wanted: 'out', by: handle.workflowId },
  ]);
  await there('systemctl reload haproxy');
  expect(await firstSecond('n1')).toMatchObject({ said: 'MAINT' });
  await ground.haproxy('set server web/n1 state ready;set server web/n3 state drain');
  const began = performance.now();
  const edited = await until('n1', /MAINT/);
  // HAProxy that reads nothing at its start forgets
  await there("sed -i.whole '/load-server-state/d' /etc/haproxy/haproxy.cfg && systemctl restart haproxy");
  await ground.haproxy('set server web/n3 state drain');
  const forgotten = await until('n1', /MAINT/);
  const old = await pid();
  await there('mv /etc/haproxy/haproxy.cfg.whole /etc/haproxy/haproxy.cfg && systemctl reload haproxy');
  // the old one answers for a moment more, and takes with it what it is told
  while ([old, ''].includes(await pid())) await delay(20);
  await ground.haproxy('set server web/n3 state drain');
  const { leftToDo, notes } = await shown((status) => status.leftToDo.some(({ what }) => /^n3 /.test(what)));
  const reported = Math.round(performance.now() - began);
  expect(leftToDo[0]?.what).toContain('n3 is out of rotation at edge (DRAIN), and no change wants that');
  expect(notes.join()).toContain(`it is out again, as ${handle.workflowId} wants it`);
  expect(await state('n3')).toBe('DRAIN');
  await reached(lease(), () => true);
  expect(JSON.parse((await lines()).at(-1)!)).toMatchObject({ kind: 'alert', service: 'web' });
  console.log(
    `n1 out again after ${guarded} ms during the change; after it: ${edited} ms after an edit by hand, ${forgotten} ms after a restart that forgot; n3 told after ${reported} ms`,
  );
  for (const ms of [guarded, edited, forgotten, reported]) expect(ms).toBeLessThan(PROMISED);

  await ground.putBackByHand('n1');
  await ground.haproxy('set server web/n3 state ready');
  await lease().result();
  await until('n1', /^UP$/);
  await expectAllIn(ground);
});

longIt(
  'a host that drains, and one on its way in, stay what they are through all that befalls HAProxy',
  async () => {
    const away = { hosts: ['n1'], reason: 'a new disk', by: 'anna', drain: { deadlineSeconds: 60 } };
    const outUnderStrikes = async () => {
      await untilBusy(ground, 'n1');
      const leaving = await ground.startAs('nodeOffline', away);
      await until('n1', /DRAIN/);
      await there(STRIKES[0]!);
      expect(await firstSecond('n1')).toEqual({ said: 'DRAIN', requests: 0 });
      await ground.haproxy('set server web/n1 state ready');
      await until('n1', /DRAIN/);
      for (const strike of STRIKES.slice(1)) {
        await there(strike);
        expect(await firstSecond('n1')).toEqual({
          said: expect.stringMatching(/^(DRAIN|MAINT)/) as string,
          requests: 0,
        });
      }
      expect((await ended(leaving)).end).toBe('succeeded');
    };
    await underLoad(ground, outUnderStrikes, { slow: { everyMs: 200 } });
    const ramp = [10, 100].map((percent) => ({ percent, seconds: 120 }));
    const back = { hosts: ['n1'], ramp, otherVersion: true, gate: { enabled: false } };
    const coming = await ground.startAs('nodeOnline', back);
    await reached(coming, ({ summary }) => summary.startsWith('n1 at 10 %'));
    for (const strike of STRIKES) {
      await there(strike);
      expect([strike, await answer(() => weight('n1'), null)]).toEqual([strike, 10]);
    }
    await ground.haproxy('set server web/n1 weight 90');
    for (const begun = performance.now(); (await weight('n1')) !== 10; await delay(20))
      expect(performance.now() - begun).toBeLessThan(PROMISED);
    for (const percent of [10, 100]) {
      await reached(coming, ({ summary }) => summary.startsWith(`n1 at ${percent} %`));
      await coming.executeUpdate('promote', { args: [{ by: 'the test' }] });
    }
    expect((await ended(coming)).end).toBe('succeeded');
    await until('n1', /^UP$/);
    await expectAllIn(ground);
  },
);
