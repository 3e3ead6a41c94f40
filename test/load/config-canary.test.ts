/** Configuration under load: what only a gate finds, and an observation in which everything is restarted. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from '../../lab/paths';
import { commitAll } from '../commit';
import { killIfThere } from '../kill';
import { ended, Ground, reached } from '../lab/ground';
import { expectAllIn, expectTruth, startsFromNow, underLoad } from '../lab/whole-run';

jest.setTimeout(240_000);
const NAME = 'test-config-load';
const HOSTS = ['n1', 'n2', 'n3'];
const centre = join(stateDir, 'labs', NAME, 'config');
const CONFIG = `targets:
  - { path: /etc/web/settings.json, source: settings.json.liquid, after: { restart: web.service }, served: { port: 8080, path: /config, contains: '{{ revision }}' } }
`;
const record = { what: 'a test', why: 'to see', impact: 'none', rollback: 'by itself' };
/** As in other tests of gates: what a short test on a busy machine can prove. */
const GATE = {
  ...{ availabilityPercent: 98, errorRatePercent: 2, p95ToleranceMs: 500, hostCpuPercent: 100 },
  holdSeconds: 60,
};
const quick = { record, minHealthySeconds: 1, watchSeconds: 1, drain: { deadlineSeconds: 60 } };

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(NAME, HOSTS.length, { limits: { healthySeconds: 8 } });
  rmSync(centre, { recursive: true, force: true });
  await commit({});
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const commit = (settings: object) =>
  commitAll(centre, {
    'web/config.yaml': CONFIG,
    'web/files/settings.json.liquid': JSON.stringify({ revision: '{{ revision }}', ...settings }),
  });

/** Answers of each server that are errors, by the balancer's count. */
async function errors(): Promise<Record<string, number>> {
  const [head = '', ...rows] = (await ground.haproxy('show stat')).trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const [name, backend, failed] = ['svname', 'pxname', 'hrsp_5xx'].map((column) => columns.indexOf(column));
  const cells = rows.map((row) => row.split(','));
  return Object.fromEntries(
    cells
      .filter((row) => row[backend!] === 'web' && HOSTS.includes(row[name!]!))
      .map((row) => [row[name!]!, Number(row[failed!])]),
  );
}

it('that is healthy and answers many requests with errors is found by the gate at the first host', async () => {
  await commit({ errorShare: 0.2 });
  const seen = await underLoad(
    ground,
    async () =>
      ended(
        await ground.startAs('configCanary', {
          ...{ ...quick, revision: 'main', gate: GATE },
          batches: [{ to: 1, soakSeconds: 2 }, '100%'],
        }),
      ),
    { rate: 200 },
  );
  expect(seen.result.end).toBe('RolledBack');
  expect(seen.result.message).toMatch(/gate after batch 1: errors: \d+ of [\d,]+ answers/);
  const failed = await errors();
  expect(failed).toMatchObject({ n2: 0, n3: 0 });
  expect(seen.requests.failed).toBe(failed.n1);
  for (const host of HOSTS)
    expect(await ground.inside(host, 'sh', '-c', 'ls /etc/web/settings.json 2>&1 || true')).toContain(
      'No such file',
    );
  await expectTruth(ground, seen.result.report);
  await expectAllIn(ground);
});

it('is observed through the end of its worker and of Temporal, and each host is switched once', async () => {
  await commit({ addMs: 0 });
  const started = await startsFromNow(ground);
  const input = { ...quick, revision: 'main', gate: { enabled: false } };
  const seen = await underLoad(ground, async () => {
    const batches = [{ to: 1, soakSeconds: 20 }, '100%'];
    const run = await ground.startAs('configCanary', { ...input, batches });
    await reached(run, ({ phase }) => phase === 'soaking', 60_000);
    await ground.killWorker();
    const { pid } = ground.temporal;
    killIfThere(pid);
    await ground.restartTemporal();
    await ground.startWorker();
    return ended(run);
  });
  expect([seen.result.end, seen.requests.failed]).toEqual(['succeeded', 0]);
  const version = (await ground.inside('n1', 'readlink', '-f', '/opt/web/current')).split('/').at(-1);
  expect(await started()).toEqual(Object.fromEntries(HOSTS.map((host) => [host, [version]])));
  await expectTruth(ground, seen.result.report);
  await expectAllIn(ground);
});
