/** A disaster on several hosts at once, recovered in order with everything killed on the way; what was there stays beside. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeConfigCentre } from '../../lab/service';
import { stateDir } from '../../lab/paths';
import type { Status } from '../../src/contracts/status';
import { tagConfig } from '../chaos/centre';
import { commitAll } from '../commit';
import { longIt } from '../long';
import { backedUp, catalogue, editCluster, leftOn, PASSWORDS, sql, through } from './backups';
import { ended, type Ground } from './ground';
import { startRecovery, until, well } from './recoveries';

jest.setTimeout(600_000);
const NAME = 'test-disaster';
const centre = join(stateDir, 'labs', NAME, 'config');
const FILE = '/etc/web/a.conf';
let ground: Ground;

const shell = (host: string, text: string) => ground.inside(host, 'sh', '-c', text);

beforeAll(async () => {
  ground = await backedUp(NAME, 3, {
    'shop-data': {
      ...{ kind: 'mariadb', host: 'db1', login: { user: 'backup', password: 'file:login-password' } },
    },
    code: { kind: 'folders', role: 'app', folders: ['/opt/web'], level: 'application' },
    journal: { kind: 'folders', host: 'n1', folders: ['/srv/journal'], level: 'logs' },
  });
  await onlyOurs();
  await sql(
    ground,
    `CREATE USER backup@localhost IDENTIFIED BY '${PASSWORDS.login}'; GRANT ALL ON *.* TO backup@localhost;
    CREATE DATABASE shop; USE shop;
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, at DATETIME(6), what VARCHAR(200));
    INSERT INTO orders (at, what) SELECT NOW(6), SHA2(seq, 512) FROM seq_1_to_20000;
    CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50)); INSERT INTO customers VALUES (1, 'ann'), (2, 'bob');`,
  );
  await shell('n1', 'mkdir -p /srv/journal; for i in 1 2 3 4; do echo $i >/srv/journal/$i; done');
  rmSync(centre, { recursive: true, force: true });
  await makeConfigCentre(centre);
  await release();
  well(
    await ended(
      await ground.startAs('configCanary', {
        ...{ revision: 'web/2026-11-29.1', batches: ['100%'], maxUnavailable: '50%', minHealthySeconds: 0 },
        ...{ soakSeconds: 0, watchSeconds: 0, gate: { enabled: false } },
      }),
    ),
  );
  for (const source of ['shop-data', 'code', 'journal']) well(await through(ground, 'backup', source));
}, 600_000);
afterAll(() => ground?.remove(), 60_000);

/** What no test of this file installs or backs up is none of ours. */
const onlyOurs = () =>
  editCluster(ground, ({ services, backups }) => {
    delete services['webdeb'];
    delete backups.sources['web-files'];
  });

async function release(): Promise<void> {
  const files = {
    'web/config.yaml': `targets:\n  - { path: ${FILE}, source: a.conf.liquid, mode: '0640', after: nothing }\n`,
    'web/values.yaml': '{}\n',
    'web/files/a.conf.liquid': 'a of {{ host.name }}\n',
  };
  rmSync(join(centre, 'web'), { recursive: true, force: true });
  await commitAll(centre, files);
  await tagConfig(ground, 'web/2026-11-29.1');
}

const recovery = (input: object = {}) => startRecovery(ground, { onFailure: 'freeze', ...input });
const isRunning = (name: string) => (status: Status) =>
  status.steps.some((step) => step.name === name && step.state === 'running');

longIt('says that nothing is damaged, and touches nothing', async () => {
  const { end, report } = await ended(await recovery());
  expect([end, report.summary]).toEqual(['succeeded', 'nothing is damaged']);
  expect(report.steps).toEqual([]);
});

it('starts what only stands still, and restores nothing', async () => {
  await shell('db1', 'systemctl stop mariadb.socket mariadb');
  const { end, report } = await ended(await recovery());
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  expect(report.steps.map(({ name, note }) => `${name}: ${note}`)).toEqual([
    expect.stringMatching(/^shop-data-on-db1: it only stood still/),
    expect.stringMatching(/^database-on-db1: healthy/),
  ]);
});

it('brings everything back in order, whatever is killed on the way', async () => {
  const [before] = await catalogue(ground, 'shop-data');
  const sums = () => sql(ground, 'CHECKSUM TABLE shop.orders, shop.customers');
  // no backup holds it, but its own binary logs do
  await sql(ground, "INSERT INTO shop.orders (at, what) VALUES (NOW(6), 'since the backup')");
  const wanted = await sums();
  await shell(
    'db1',
    'rm -rf /var/lib/mysql/shop; rm -f /var/lib/mysql/ibdata1; systemctl kill -s KILL mariadb',
  );
  await shell('n1', `rm -rf /opt/web/releases /srv/journal; rm ${FILE}; systemctl kill -s KILL web`);
  await shell('n2', `rm -rf /opt/web/*; systemctl kill -s KILL web; echo by hand >>${FILE}`);
  const run = await recovery({ approvals: ['before'] });
  const waits = await until(run, ({ phase }) => phase === 'awaitingApproval');
  await run.executeUpdate('approve', { args: [{ by: 'ann', planHash: waits.planHash }] });
  await until(run, isRunning('shop-data-on-db1'));
  await ground.killWorker();
  await ground.startWorker();
  await until(run, isRunning('code-on-n1'));
  await ground.restartTemporal();
  await shell('n2', 'systemctl kill -s KILL "pawl-job-*.service" || true');
  await until(run, isRunning('web-on-n2'));
  await ground.killWorker();
  await ground.startWorker();
  const { end, report } = await ended(run);
  expect([end, report.leftToDo, report.summary]).toEqual([
    'succeeded',
    [],
    expect.stringMatching(/^recovered: 9 steps in .* \(RTO\); at most .* are lost \(RPO\)$/),
  ]);
  console.log(report.summary);
  expect(await sums()).toBe(wanted);
  const names = report.recovery!.steps.map(({ name }) => name);
  expect(names[0]).toBe('shop-data-on-db1');
  expect([...names].sort()).toEqual(
    [
      ...['shop-data-on-db1', 'code-on-n1', 'code-on-n2', 'journal-on-n1'],
      ...['config-of-web-on-n1', 'config-of-web-on-n2'],
      ...['database-on-db1', 'web-on-n1', 'web-on-n2'],
    ].sort(),
  );
  expect(names.at(-1)).toBe('journal-on-n1');
  const [restored] = report.recovery!.steps;
  expect(restored!.how).toContain(before!.id);
  expect([restored!.how, restored!.lostSeconds]).toEqual([
    expect.stringMatching(/then the server's own binary logs up to .*, to their end$/),
    undefined,
  ]);
  for (const { name, aside } of report.recovery!.steps) {
    const host = name.split('-').at(-1)!;
    for (const path of aside) await shell(host, `test -e '${path}'`);
  }
  expect(restored!.aside).toHaveLength(1);
  expect(await shell('n2', `stat -c '%a' ${FILE}; cat ${FILE}`)).toBe('640\na of n2');
  expect(await shell('n1', 'cat /srv/journal/*')).toBe('1\n2\n3\n4');
  for (const host of ['n1', 'n2', 'db1', 'bk1']) expect(await leftOn(ground, host)).toBe('');
});

longIt('asks about a step that cannot be done, and ends with what is left', async () => {
  await shell('n3', 'rm -rf /opt/web/*; systemctl kill -s KILL web');
  await shell('bk1', 'mv /srv/pawl-backups/code/repository/data /srv/pawl-backups/code/repository/gone');
  const run = await recovery({ hosts: ['n3'], onFailure: 'ask' });
  const { waitingFor } = await until(run, (status) => status.waitingFor !== null);
  expect(waitingFor!.what).toMatch(/^code-on-n3 waits for you\. nothing was swapped in: code\.n3\./);
  await shell('bk1', 'mv /srv/pawl-backups/code/repository/gone /srv/pawl-backups/code/repository/data');
  await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'code-on-n3' }] });
  expect((await ended(run)).end).toBe('succeeded');
});
