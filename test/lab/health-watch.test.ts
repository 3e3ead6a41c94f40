/** A health watch on real hosts under load: who is unhealthy gets no request, as long as enough others serve. */
import { WorkflowFailedError } from '@temporalio/client';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { freeze, thaw } from '../../lab/hosts/faults';
import { startLoad } from '../../lab/load';
import type { Examination } from '../../src/contracts/examination';
import { leaseId } from '../../src/contracts/lease';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Status } from '../../src/contracts/status';
import { longIt } from '../long';
import { Ground, ended, reached } from './ground';
import { expectAllIn } from './whole-run';

const LAB = 'test-health';
const RESPONSES = 'http_request_duration_seconds_count';

let ground: Ground;
let told: string;
beforeAll(async () => {
  ground = await Ground.up(LAB, 4);
  told = join(dirname(ground.cluster), 'told');
  const cluster = parse(await readFile(ground.cluster, 'utf8')) as {
    services: { web: { health: object } };
  };
  // not what HAProxy asks: it goes on sending requests to a host that is unhealthy for Pawl
  cluster.services.web.health = { path: '/path/one' };
  const notifications = { channels: { app: { kind: 'file', folder: told } } };
  await writeFile(ground.cluster, stringify({ ...cluster, notifications }));
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(90_000);

/** From now on the path that is asked for health answers 500 on a host, or 200 again. */
async function spoil(host: string, spoilt = true): Promise<void> {
  const text = JSON.stringify(spoilt ? { badPath: '/path/one' } : {});
  await ground.inside(
    host,
    'sh',
    '-c',
    `echo '${text}' >/opt/web/current/behaviour.json && systemctl restart web`,
  );
}

/** Requests that a host has answered since its service started, by its own word. */
async function answered(host: string): Promise<number> {
  const text = await ground.inside(host, 'curl', '-s', 'http://127.0.0.1:8080/metrics');
  return Number(new RegExp(`^${RESPONSES} (\\d+)$`, 'm').exec(text)?.[1]);
}

const start = (id: string, more: object = {}) =>
  ground.client.workflow.start('healthWatch', {
    taskQueue: TASK_QUEUE,
    workflowId: id,
    workflowTaskTimeout: '5s',
    args: [
      {
        cluster: ground.cluster,
        service: 'web',
        intervalSeconds: 1,
        failures: 2,
        passes: 2,
        minServing: 3,
        ...more,
      },
    ],
  });

it('ejects, stops at the floor, puts back, and says each of it once, whoever dies meanwhile', async () => {
  const watch = await start('health-web');
  const says = (words: string) => (status: Status) => status.notes.some((note) => note.includes(words));
  await reached(watch, ({ phase }) => phase === 'running');
  await spoil('n2');
  await reached(watch, says('n2 was taken out: /path/one answers 500'));
  const before = await answered('n2');
  const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: 200 });
  await delay(1_500);
  const { byHost, failed, sent } = await load.stop();
  const after = await answered('n2');
  expect([byHost['n2'], failed]).toEqual([undefined, 0]);
  expect(sent).toBeGreaterThan(200);
  // its own health, and nothing else
  expect(after - before).toBeLessThan(8);

  await spoil('n3');
  await reached(watch, says('n3 is unhealthy (/path/one answers 500'));
  const { leftToDo, notes } = await reached(
    watch,
    says('that would leave 2 of 4 in rotation, the floor is 3'),
  );
  expect(leftToDo.map(({ host }) => host)).toEqual(['n2', 'n3']);
  expect(notes).toHaveLength(2);
  expect(await ground.servers()).toMatchObject({ n2: 'MAINT', n3: 'UP' });
  const lease = await reached(
    ground.client.workflow.getHandle(leaseId(LAB)),
    ({ line }) => !!line?.kept?.length,
  );
  expect(lease.line?.kept?.[0]?.by).toMatch(/^eject-web-n2-\d+$/);

  await ground.killWorker();
  await spoil('n2', false);
  await ground.startWorker();
  await reached(watch, says('n2 is well and back'));
  // now there is room for the other one to leave
  await reached(watch, says('n3 was taken out'));
  await spoil('n3', false);
  await reached(watch, says('n3 is well and back'));
  await expectAllIn(ground);

  const second = await start('health-web-two');
  await expect(second.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  await watch.executeUpdate('abort', { args: [{ by: 'the test', undo: false }] });
  const { end, report } = await ended(watch);
  expect([end, report.leftToDo]).toEqual(['Aborted', []]);
  expect((await toldKinds()).sort()).toEqual(['alert', 'alert', 'allClear', 'allClear']);
});

longIt(
  'retires a dead host: out at once, kept out when it lives again, until a person brings it back',
  async () => {
    const before = (await toldKinds()).length;
    const watch = await start('retire-web', { onUnhealthy: 'retire' });
    const says = (words: string) => (status: Status) => status.notes.some((note) => note.includes(words));
    await reached(watch, ({ phase }) => phase === 'running');
    await freeze(LAB, 'n2');
    try {
      await reached(watch, says("n2 was taken out: out of this worker's reach"), 90_000);
      expect((await ground.servers())['n2']).toBe('MAINT');
    } finally {
      await thaw(LAB, 'n2');
    }
    const { line } = await reached(
      ground.client.workflow.getHandle(leaseId(LAB)),
      ({ line }) => !!line?.kept?.length,
    );
    const { by } = line!.kept![0]!;
    expect(by).toMatch(/^retire-web-n2-\d+$/);
    const { startTime, closeTime } = await ground.client.workflow.getHandle(by).describe();
    expect(closeTime!.getTime() - startTime.getTime()).toBeLessThan(10_000);
    // as many looks as would bring it back, had it only been ejected
    await delay(4_000);
    expect((await ground.servers())['n2']).toBe('MAINT');
    const { looked } = await ground.client.workflow.execute<() => Promise<Examination>>('doctor', {
      taskQueue: TASK_QUEUE,
      workflowId: 'doctor',
      args: [{ cluster: ground.cluster }] as never,
    });
    expect(looked.at(-1)).toMatch(
      /^web: n2 is out of service since .* UTC: unhealthy: out of this worker's .* \(retire-web\)$/,
    );
    const ramp = [{ percent: 100, seconds: 0 }];
    const online = { hosts: ['n2'], ramp, gate: { enabled: false } };
    const back = await ended(await ground.startAs('nodeOnline', online));
    expect([back.end, back.report.notes.filter((note) => note.includes('out of service'))]).toEqual([
      'succeeded',
      [],
    ]);
    await reached(watch, says('n2: over, '));
    await watch.executeUpdate('abort', { args: [{ by: 'the test', undo: false }] });
    await ended(watch);
    await expectAllIn(ground);
    const kinds = (await toldKinds()).slice(before).filter((kind) => /^al/.test(kind));
    expect(kinds).toEqual(['alert', 'allClear']);
  },
  240_000,
);

async function toldKinds(): Promise<string[]> {
  const lines = (await readFile(join(told, 'notifications.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
}
