/** What a recovery brings back besides dumps, folders and files, on hosts that serve two services meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { installDeb, makeDeb } from '../../lab/service';
import { until as untilSeen } from '../../lab/hosts/wait';
import type { Status } from '../../src/contracts/status';
import type { Plan } from '../../src/contracts/plan';
import { statusMarkdown } from '../../src/render/markdown';
import { planRows } from '../../src/render/plan';
import { backedUp, catalogue, editCluster, PASSWORDS, sql, through } from './backups';
import { ended, type Ended, type Ground } from './ground';
import { expectAllIn, installed, underLoad } from './whole-run';

jest.setTimeout(300_000);
const HOSTS = ['n1', 'n2', 'n3'];
const REPOSITORY = '/srv/code.git';
let ground: Ground;

const shell = (host: string, text: string) => ground.inside(host, 'sh', '-c', text);

beforeAll(async () => {
  ground = await backedUp(
    'test-kinds',
    HOSTS.length,
    {
      files: {
        ...{ kind: 'mariadb', method: 'physical', host: 'db1' },
        login: { user: 'keeper', password: 'file:login-password' },
      },
      code: { kind: 'git', host: 'db1', repository: REPOSITORY },
    },
    { longAfter: 120 },
  );
  await editCluster(ground, (file) => {
    const { backups } = file;
    delete backups.sources['web-files'];
    delete backups.sources['shop-data'];
    delete file.config;
  });
  await Promise.all([packages(), database(), repository()]);
}, 600_000);
afterAll(() => ground?.remove(), 60_000);

function well({ end, message }: Ended): void {
  if (end !== 'succeeded') throw new Error(message);
}

/** One that Pawl keeps, since it has brought it; one that a repository has; one that nobody has any more. */
async function packages(): Promise<void> {
  const [first, second] = await Promise.all(['1.0.0', '1.1.0'].map((version) => makeDeb({ version })));
  await Promise.all(HOSTS.map((host) => installDeb(ground.name, host, first!)));
  await Promise.all(HOSTS.map((host) => shell(host, MAKE_DEBS)));
  await shell(
    'bk1',
    `${MAKE_DEBS} cd /srv/apt && { dpkg-deb -f tool.deb; echo Filename: ./tool.deb; echo Size: $(stat -c %s tool.deb)
      echo SHA256: $(sha256sum <tool.deb | cut -d ' ' -f 1); } >Packages && rm lost.deb
    systemd-run -q --unit=apt python3 -m http.server 8000 --directory /srv/apt`,
  );
  await Promise.all(
    HOSTS.map((host) =>
      shell(
        host,
        `dpkg --install /srv/apt/*.deb && rm -r /srv/apt /etc/apt/sources.list* &&
        mkdir -p /etc/apt/sources.list.d && echo 'deb [trusted=yes] http://${ground.address('bk1')}:8000 ./' >/etc/apt/sources.list`,
      ),
    ),
  );
  await allUp();
  well(
    await ended(
      await ground.start({
        ...{ service: 'webdeb', version: '1.1.0', artifact: second, previousArtifact: first },
        ...{ batches: ['100%'], minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0 },
      }),
    ),
  );
}

const MAKE_DEBS = `set -e; mkdir -p /srv/apt; for name in tool lost; do
  mkdir -p /tmp/$name/DEBIAN /tmp/$name/usr/share/$name
  printf 'Package: pawl-%s\\nVersion: 1:2.0\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nDescription: of a test\\n' $name >/tmp/$name/DEBIAN/control
  for file in a b; do echo "$file of $name" >/tmp/$name/usr/share/$name/$file; done
  SOURCE_DATE_EPOCH=1 dpkg-deb --root-owner-group --build /tmp/$name /srv/apt/$name.deb >/dev/null; rm -r /tmp/$name; done;`;

const allUp = () =>
  untilSeen(
    'all hosts are up',
    30,
    async () =>
      Object.values(await ground.servers('webdeb')).every((says) => says === 'UP') ? true : undefined,
    50,
  );

/** A chain of three. */
async function database(): Promise<void> {
  await sql(
    ground,
    `CREATE USER keeper@localhost IDENTIFIED BY '${PASSWORDS.login}'; GRANT ALL ON *.* TO keeper@localhost;
    CREATE DATABASE shop; USE shop; CREATE TABLE ledger (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(200)) ENGINE=InnoDB;
    INSERT INTO ledger (what) SELECT SHA2(seq, 512) FROM seq_1_to_5000; CREATE TABLE old (id INT) ENGINE=MyISAM;`,
  );
  for (const kind of ['full', 'incremental', 'incremental']) {
    await sql(ground, "INSERT INTO shop.ledger (what) VALUES ('one more'); INSERT INTO shop.old VALUES (7)");
    well(await through(ground, 'backup', 'files', { kind }));
  }
}

async function repository(): Promise<void> {
  await shell(
    'db1',
    `git init -q --bare -b main ${REPOSITORY} && cd /root && git init -q -b main work && cd work
    git config user.name T && git config user.email t@example.org
    for n in 1 2 3; do echo $n >file; git add file; git commit -qm $n; done; git tag -a v1 -m v1; git branch side
    git push -q --mirror ${REPOSITORY} && chown -R www-data: ${REPOSITORY}`,
  );
  well(await through(ground, 'backup', 'code'));
}

const refs = () =>
  shell(
    'db1',
    `cd ${REPOSITORY} && git -c safe.directory='*' for-each-ref && git -c safe.directory='*' fsck --full --no-dangling`,
  );
const sums = () => sql(ground, 'CHECKSUM TABLE shop.ledger, shop.old');

const recovery = (input: object = {}): Promise<WorkflowHandle> =>
  ground.client.workflow.start('disasterRecovery', {
    taskQueue: 'pawl',
    workflowId: `recovery-${Date.now()}`,
    args: [{ cluster: ground.cluster, approvals: [], ...input }],
  });

async function until(run: WorkflowHandle, what: (status: Status) => boolean): Promise<Status> {
  for (;;) {
    const status = await run.query<Status>('status').catch(() => undefined);
    if (status && what(status)) return status;
    if (status?.endedAt) throw new Error(status.summary);
    await delay(100);
  }
}

const DAMAGED = {
  // serves on with what it has in memory
  n1: 'echo damaged >>/usr/lib/pawl-example/version; rm /usr/share/tool/a; echo x >>/usr/share/tool/b',
  n2: 'rm -r /usr/share/tool; rm /usr/lib/pawl-example/web.py; systemctl kill -s KILL webdeb',
  n3: 'echo damaged >/usr/share/lost/a; rm /usr/share/tool/a',
};

it('packages, a repository and a chain of files come back while two services lose no request', async () => {
  const [wanted, tables] = [await refs(), await sums()];
  await sql(ground, "INSERT INTO shop.ledger (what) VALUES ('since the backup')");
  await shell(
    'db1',
    `systemctl stop mariadb; rm -rf /var/lib/mysql/*; find ${REPOSITORY}/objects -type f -delete; rm -rf ${REPOSITORY}/refs/heads/side`,
  );
  for (const [host, damage] of Object.entries(DAMAGED)) await shell(host, damage);
  const planned = await ended(await recovery({ dryRun: true }));
  console.log(
    statusMarkdown(planned.report),
    planRows(planned.report.plan as Plan)
      .map(({ text }) => text)
      .join('\n'),
  );
  const work = async () => {
    const run = await recovery();
    const asked = await until(run, ({ waitingFor }) => waitingFor !== null);
    console.log(asked.waitingFor, asked.steps, asked.hosts);
    await run.executeUpdate('skip', { args: [{ by: 'ann', step: 'packages-on-n3' }] });
    return ended(run);
  };
  const { result: web, mostOut, seen } = await underLoad(ground, () => underLoad(ground, work, { port: 81 }));
  console.log(mostOut, seen, web.mostOut, web.seen, web.requests.failures.slice(0, 3));
  const { end, message, report } = web.result;
  console.log(end, message, report.leftToDo, report.recovery?.steps, report.timeline);
  expect(await sums()).toBe(tables);
  expect(await refs()).toBe(wanted);
  await expectAllIn(ground, 'web');
  await expectAllIn(ground, 'webdeb');
  expect(await installed(ground, 'n1', 'webdeb')).toBe('1.1.0');
  expect((await catalogue(ground, 'files')).length).toBe(3);
});
