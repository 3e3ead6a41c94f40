/** What a recovery brings back besides dumps, folders and files, on hosts that serve two services meanwhile. */
import { dirname } from 'node:path';
import { powerCut, start } from '../../lab/hosts';
import { installDeb, makeDeb } from '../../lab/service';
import { until as untilSeen } from '../../lab/hosts/wait';
import { longIt } from '../long';
import { backedUp, editCluster, leftOn, PASSWORDS, sql, through } from './backups';
import { ended, type Ended, type Ground } from './ground';
import { startRecovery, until, well } from './recoveries';
import { expectAllIn, mostTakenOut, underLoad } from './whole-run';

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
      journal: { kind: 'folders', role: 'app', folders: ['/srv/journal'], level: 'logs' },
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

/** One that Pawl keeps, since it has brought it; one that a repository has; one that nobody has any more. */
async function packages(): Promise<void> {
  const [first, second] = await Promise.all(['1.0.0', '1.1.0'].map((version) => makeDeb({ version })));
  await Promise.all(HOSTS.map((host) => installDeb(ground.name, host, first!)));
  await Promise.all(
    HOSTS.map((host) => shell(host, `${MAKE_DEBS} mkdir /srv/journal; touch /srv/journal/1 /srv/journal/2`)),
  );
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
  for part in preinst postinst; do
    printf '#!/bin/sh\\nif [ -e /root/slow-%s ]; then mv /root/slow-%s /root/installing; sleep 60; fi\\n' $part $part >/tmp/$name/DEBIAN/$part
    chmod 755 /tmp/$name/DEBIAN/$part; done
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

const recovery = (input: object = {}) => startRecovery(ground, input);

const DAMAGED = {
  // it serves on with what it has in memory
  n1: 'touch /root/slow-preinst; echo damaged >>/usr/lib/pawl-example/version; rm /usr/share/tool/a; echo x >>/usr/share/tool/b',
  // web serves on
  n2: 'touch /root/slow-postinst; rm -r /usr/share/tool; rm /usr/lib/pawl-example/web.py; systemctl kill -s KILL webdeb',
  n3: 'echo damaged >/usr/share/lost/a; rm /usr/share/tool/a',
  db1: `systemctl stop mariadb; rm -rf /var/lib/mysql/*; find ${REPOSITORY}/objects -type f -delete; rm ${REPOSITORY}/refs/heads/side`,
};

/** While a script of a package is at work there. */
async function inTheMidst(host: string, cut: () => Promise<unknown>): Promise<void> {
  const isAtIt = async () =>
    (await shell(host, 'ls /root')).split('\n').includes('installing') ? true : undefined;
  await untilSeen(`${host} installs a package`, 60, isAtIt, 50);
  await cut();
  await shell(host, 'rm /root/installing');
}

/** Of each of two services; no round number, see `USUAL_RATE`. */
const RATE = 47;

/** While clients use both services. */
const whileUsed = async (work: () => Promise<Ended>) => {
  const web = await underLoad(ground, () => underLoad(ground, work, { port: 81, rate: RATE }), {
    rate: RATE,
  });
  const { result: webdeb } = web;
  expect([web.requests.failures, webdeb.requests.failures]).toEqual([[], []]);
  // of those that serve; one that is damaged is down
  expect([web, webdeb].map(({ seen }) => mostTakenOut(seen))).toEqual([1, 1]);
  return webdeb.result;
};

it('packages, a repository and a chain of files come back while two services lose no request', async () => {
  const [wanted, tables] = [await refs(), await sums()];
  await sql(ground, "INSERT INTO shop.ledger (what) VALUES ('since the backup')");
  for (const [host, damage] of Object.entries(DAMAGED)) await shell(host, damage);
  // what clients lose until then is not the recovery's
  const isDown = async () => ((await ground.servers('webdeb'))['n2'] === 'DOWN' ? true : undefined);
  await untilSeen('n2 is down', 30, isDown, 50);
  const run = await recovery();
  const { end, report } = await whileUsed(async () => {
    await inTheMidst('n2', () => shell('n2', 'systemctl kill -s KILL "pawl-job-*.service"'));
    await inTheMidst('n1', async () => {
      await powerCut(ground.name, 'n1');
      await start(ground.name, 'n1');
    });
    const asked = await until(run, ({ waitingFor }) => waitingFor !== null);
    const place = '/var/lib/pawl/packages/pawl-lost/1:2.0.deb';
    expect(asked.waitingFor!.what).toMatch(
      /^packages-on-n3 waits for you\. pawl-lost 1:2\.0 \(.*\) cannot be had: /,
    );
    expect(asked.waitingFor!.what).toContain(place);
    // all other ones are through
    const left = asked.steps.filter(({ state }) => state !== 'done').map(({ name }) => name);
    expect(left).toEqual(['packages-on-n3', 'web-on-n3', 'webdeb-on-n3']);
    for (const service of ['web', 'webdeb']) await expectAllIn(ground, service);
    await shell('n3', `${MAKE_DEBS} mkdir -p ${dirname(place)}; mv /srv/apt/lost.deb ${place}`);
    await run.executeUpdate('retry', { args: [{ by: 'ann', step: 'packages-on-n3' }] });
    return ended(run);
  });
  console.log(report.summary);
  expect([end, report.leftToDo]).toEqual(['succeeded', []]);
  // it has gone on as another run on its way
  expect((await ground.client.workflow.getHandle(run.workflowId).describe()).runId).not.toBe(
    run.firstExecutionRunId,
  );
  expect(await sums()).toBe(tables);
  expect(await refs()).toBe(wanted);
  for (const service of ['web', 'webdeb']) await expectAllIn(ground, service);
  const of = (name: string) => report.recovery!.steps.filter((step) => step.name === name);
  expect([of('packages-on-n3').map(({ how }) => how), of('webdeb-on-n1').map(({ how }) => how)]).toEqual([
    ['pawl-tool installed anew; then pawl-lost installed anew'],
    ['started again from its package, healthy'],
  ]);
  for (const { name, aside } of report.recovery!.steps)
    for (const path of aside) await shell(name.split('-').at(-1)!, `test -e '${path}'`);
  const [copies] = of('packages-on-n1')[0]!.aside;
  expect(
    await shell('n1', `tail -n 1 ${copies}/usr/lib/pawl-example/version; cat /usr/lib/pawl-example/version`),
  ).toBe('damaged\n1.1.0');
  expect([of('files-on-db1')[0]!.aside.length, of('code-on-db1')[0]!.aside.length]).toEqual([1, 1]);
  for (const host of [...HOSTS, 'db1', 'bk1'])
    expect(
      (await leftOn(ground, host)) + (await shell(host, 'ls -A /var/lib/pawl/fetched 2>/dev/null || true')),
    ).toBe('');
});

longIt(
  'what comes back behind the services takes one host at a time out, and a package without a list is found',
  async () => {
    well(await through(ground, 'backup', 'journal'));
    for (const host of ['n1', 'n2']) await shell(host, 'rm -r /srv/journal /usr/share/tool/a');
    await shell('n3', 'rm -rf /var/lib/apt/lists; rm /usr/share/tool/b');
    const { end, report } = await whileUsed(async () => ended(await recovery()));
    expect([end, report.leftToDo]).toEqual(['succeeded', []]);
    for (const service of ['web', 'webdeb']) await expectAllIn(ground, service);
  },
);
