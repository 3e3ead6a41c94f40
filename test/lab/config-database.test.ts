/** A service that no balancer knows: its configuration goes to the host, is proven by its own command, and back. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cp } from 'node:fs/promises';
import { root, stateDir } from '../../lab/paths';
import type { Plan } from '../../src/contracts/plan';
import { commitAll } from '../commit';
import { ended, Ground } from './ground';

jest.setTimeout(180_000);
const NAME = 'test-config-database';
const centre = join(stateDir, 'labs', NAME, 'config');
const FILE = '/etc/mysql/mariadb.conf.d/60-lab.cnf';
const record = { what: 'a test', why: 'to see', impact: 'a restart', rollback: 'by itself' };
const quick = {
  ...{ service: 'database', revision: 'main', record },
  ...{ batches: ['100%'], minHealthySeconds: 1, watchSeconds: 2, unreachableSeconds: 30 },
  gate: { enabled: false },
};

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up(NAME, 1, { database: true });
  rmSync(centre, { recursive: true, force: true });
  await cp(join(root, 'examples/lab/config'), centre, { recursive: true });
  await commitAll(centre, {});
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const values = (text: string) =>
  commitAll(centre, { 'database/values.yaml': `buffer_pool: 64M\nslow_log: false\n${text}\n` });
const change = async (more: object = {}) =>
  ended(await ground.startAs('configCanary', { ...quick, ...more }));
const asked = (variable: string) =>
  ground.inside('db1', 'mariadb', '--skip-column-names', '--execute', `SELECT @@${variable}`);
const onHost = (command: string) => ground.inside('db1', 'sh', '-c', command);
const startedAt = () => onHost('systemctl show -P ActiveEnterTimestampMonotonic mariadb');

it('its plan drains nobody and says so; the change is proven by what the server answers', async () => {
  const gate = { availabilityPercent: 95, errorRatePercent: 5, p95ToleranceMs: 500, hostCpuPercent: 100 };
  const planned = await change({ dryRun: true, gate });
  expect(planned.end).toBe('planned');
  expect(planned.report.notes).toEqual(
    expect.arrayContaining([
      'no balancer sends it requests, so nothing is drained: whoever is connected sees each host change',
      'db1: what follows the switch: restart mariadb.service',
    ]),
  );
  expect((planned.report.plan as Plan).intent.steps.map(({ id }) => id)).toEqual([
    ...['stageConfig', 'switchConfig', 'proveHealthy', 'proveServed'],
  ]);
  const run = await change({ gate });
  expect([run.end, run.message]).toEqual(['succeeded', expect.stringContaining('on 1 hosts')]);
  expect(await asked('max_connections')).toBe('120');
  // it ran with other files before, and may go back to them
  const stable = (await onHost('cat /var/lib/pawl/stable/database')).trim().split('\n');
  expect(stable).toEqual([
    expect.stringMatching(/"config":"[0-9a-f]{12}"/),
    expect.stringMatching(/"config":"before-[^"]*".*"change":null/),
  ]);
});

it('an unknown key touches nothing: the server’s own program has read all files before', async () => {
  const [before, since] = [await onHost(`cat ${FILE}`), await startedAt()];
  await commitAll(centre, {
    'database/files/mariadb.cnf.liquid':
      '[mariadbd]\nmax_connektions = {{ max_connections }}\n{{ buffer_pool }}{{ slow_log.seconds }}',
  });
  const run = await change();
  expect([run.end, run.message]).toEqual(['Failed', expect.stringContaining('max_connektions')]);
  expect([await onHost(`cat ${FILE}`), await startedAt()]).toEqual([before, since]);
});

it('what only the start finds out is undone: the server runs with its own files again', async () => {
  const before = await onHost(`cat ${FILE}`);
  await commitAll(centre, {
    'database/files/mariadb.cnf.liquid':
      '[mariadbd]\nmax_connections = {{ max_connections }}\ninnodb_page_size = 4k # {{ buffer_pool }} {{ slow_log.seconds }}\n',
  });
  const run = await change();
  expect([run.end, run.message]).toEqual(['RolledBack', expect.stringContaining('mariadb.service')]);
  expect(await onHost(`cat ${FILE}`)).toBe(before);
  expect(await asked('max_connections')).toBe('120');
});

it('is gone back to at once, and looked at for drift', async () => {
  await commitAll(centre, {
    'database/files/mariadb.cnf.liquid':
      '[mariadbd]\nmax_connections = {{ max_connections }}\n# {{ buffer_pool }} {{ slow_log }}\n',
  });
  await values('max_connections: 150');
  expect((await change()).end).toBe('succeeded');
  expect(await asked('max_connections')).toBe('150');
  const back = await ended(
    await ground.startAs('emergencyRollback', { service: 'database', reason: 'it is slow', by: 'ann' }),
  );
  expect([back.end, back.message]).toEqual(['succeeded', expect.stringContaining('with configuration')]);
  expect(await asked('max_connections')).toBe('120');
  await onHost(`echo '# by hand' >>${FILE}`);
  const drift = await ended(await ground.startAs('configDrift', { service: 'database', revision: 'main' }));
  expect(JSON.stringify(drift)).toContain('by hand');
});
