/** Each kind of damage on real hosts: nothing where all is well, each named where it is, and nothing touched. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { recoveryActivities } from '../../src/activities/recovery';
import { openWorlds } from '../../src/activities/world';
import { powerOff } from '../../lab/hosts';
import { makeConfigCentre } from '../../lab/service';
import { stateDir } from '../../lab/paths';
import type { Looked } from '../../src/contracts/recovery';
import { tagConfig } from '../chaos/centre';
import { commitAll } from '../commit';
import { longIt } from '../long';
import { backedUp, editCluster, leftOn, PASSWORDS, sql, through } from './backups';
import { ended, type Ground } from './ground';

jest.setTimeout(300_000);
const NAME = 'test-damage';
const centre = join(stateDir, 'labs', NAME, 'config');
const A = '/etc/web/a.conf';
const B = '/etc/web/b.conf';
const HOSTS = ['n1', 'n2', 'lb1', 'db1'];
let ground: Ground;
const worlds = openWorlds();

beforeAll(async () => {
  ground = await backedUp(NAME, 2, {
    'shop-data': {
      ...{ kind: 'mariadb', host: 'db1', login: { user: 'backup', password: 'file:login-password' } },
    },
    pages: { kind: 'folders', role: 'app', folders: ['/srv/pages'] },
    journal: { kind: 'folders', role: 'app', folders: ['/srv/journal'], level: 'logs' },
    code: { kind: 'git', host: 'db1', repository: '/srv/code.git' },
  });
  await onlyWeb();
  await sql(
    ground,
    `CREATE USER backup@localhost IDENTIFIED BY '${PASSWORDS.login}'; GRANT ALL ON *.* TO backup@localhost;
    CREATE DATABASE shop; USE shop;
    CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB; INSERT INTO orders VALUES (1);
    CREATE TABLE \`odd \`\` name\` (id INT) ENGINE=InnoDB; CREATE TABLE old (id INT) ENGINE=MyISAM;
    CREATE TABLE lost (id INT) ENGINE=InnoDB; CREATE TABLE whole (id INT) ENGINE=InnoDB;`,
  );
  for (const host of ['n1', 'n2'])
    await shell(
      host,
      `mkdir -p /srv/pages/of /srv/journal; cd /srv; touch "pages/it's" 'pages/of/$(odd) \\n "name"'; echo x >"pages/$(printf 'two\\nlines')"
      ln -s /nowhere pages/link; for i in 1 2 3 4 5; do echo x >pages/$i; echo x >journal/$i; done`,
    );
  await shell(
    'db1',
    `git init -q --bare /srv/code.git; cd /tmp; git init -q w; cd w
    git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m one; git branch merged
    git -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m two; git push -q /srv/code.git HEAD:main merged`,
  );
  rmSync(centre, { recursive: true, force: true });
  await makeConfigCentre(centre);
  await release();
  const { end, message } = await ended(
    await ground.startAs('configCanary', {
      ...{ revision: 'web/2026-11-29.1', batches: ['100%'], maxUnavailable: '50%', minHealthySeconds: 0 },
      ...{ soakSeconds: 0, watchSeconds: 0, gate: { enabled: false } },
    }),
  );
  if (end !== 'succeeded') throw new Error(message);
  for (const source of ['shop-data', 'pages', 'journal', 'code']) {
    const { end, message } = await through(ground, 'backup', source);
    if (end !== 'succeeded') throw new Error(message);
  }
}, 600_000);
afterAll(async () => {
  await worlds.close();
  await ground?.remove();
}, 60_000);

/** The package that no test of this file installs is no service here, and what the example backs up is none of ours. */
const onlyWeb = () =>
  editCluster(ground, ({ services, backups }) => {
    delete services['webdeb'];
    delete backups.sources['web-files'];
  });

async function release(): Promise<void> {
  const files = {
    'web/config.yaml': `targets:\n  - { path: ${A}, source: a.conf.liquid, after: nothing }\n  - { path: ${B}, source: b.conf.liquid, after: nothing }\n`,
    'web/values.yaml': '{}\n',
    'web/files/a.conf.liquid': 'a of {{ host.name }}\n',
    'web/files/b.conf.liquid': 'b of {{ host.name }}\n',
  };
  rmSync(join(centre, 'web'), { recursive: true, force: true });
  await commitAll(centre, files);
  await tagConfig(ground, 'web/2026-11-29.1');
}

const shell = (host: string, text: string) => ground.inside(host, 'sh', '-c', text);

async function look(hosts?: string[]): Promise<Looked[]> {
  const { lookForDamage } = recoveryActivities(worlds);
  const env = new MockActivityEnvironment({ currentAttemptScheduledTimestampMs: Date.now() });
  return env.run(lookForDamage, { cluster: ground.cluster, hosts });
}

const about = ({ host, subject, is }: Looked) =>
  `${host} ${subject.kind}${'source' in subject ? ` ${subject.source}` : ''}${'service' in subject ? ` ${subject.service}` : ''} ${is}`;
const damagedIn = (all: Looked[]) => all.filter(({ is }) => is === 'damaged').map(about);
const foundOf = (all: Looked[], words: string) =>
  all.filter((one) => about(one).startsWith(words)).flatMap(({ found }) => found);

it('finds nothing where all is well, says what was measured, and changes nothing', async () => {
  const stands = () =>
    Promise.all(
      HOSTS.map((host) =>
        shell(
          host,
          // MyISAM notes in its index that it was checked, and whether a folder can be written to is tried with a file
          'find /etc /srv /opt /var/lib/pawl /var/lib/mysql/shop ! -type d ! -name "*.MYI" -printf "%p %m %u %s %T@\\n" 2>/dev/null | sort',
        ),
      ),
    );
  const before = await stands();
  const began = Date.now();
  const all = await look();
  expect(all.map(about)).toEqual([
    ...['n1', 'n2'].flatMap((host) =>
      ['host', 'service web', 'config web', 'source pages', 'source journal', 'packages', 'exposure'].map(
        (what) => `${host} ${what} well`,
      ),
    ),
    ...['host', 'packages', 'exposure'].map((what) => `lb1 ${what} well`),
    ...['host', 'service database'].map((what) => `db1 ${what} well`),
    'db1 config database unknown',
    ...['source shop-data', 'source code', 'packages', 'exposure'].map((what) => `db1 ${what} well`),
  ]);
  expect(foundOf(all, 'db1 source shop-data')).toEqual(['answers; 5 tables can be read']);
  expect(foundOf(all, 'n1 source pages')).toEqual(['9 files are there']);
  expect(foundOf(all, 'db1 source code')).toEqual(['git finds it whole; 2 refs']);
  expect(foundOf(all, 'n1 packages')).toEqual(['files of all packages are as they came']);
  expect(await stands()).toEqual(before);
  for (const host of [...HOSTS, 'bk1'])
    expect((await leftOn(ground, host)).split('\n').filter((path) => /look/.test(path))).toEqual([]);
  expect(Date.now() - began).toBeLessThan(120_000);
});

it('names each kind of damage, and nothing else', async () => {
  await shell(
    'db1',
    `systemctl stop mariadb; rm /var/lib/mysql/shop/lost.*; rm /var/lib/mysql/shop/orders.ibd
    head -c 1000 /dev/urandom >/var/lib/mysql/shop/old.frm; systemctl start mariadb
    rm /usr/bin/apt-mark; git -C /srv/code.git update-ref -d refs/heads/main`,
  );
  await shell(
    'n1',
    'rm -rf /opt/web/releases/*; rm "/srv/pages/it\'s"; rm /srv/pages/1; mkdir /srv/pages/1; rm /srv/journal/1',
  );
  await shell('n2', `echo more >>${A}; rm ${B}; systemctl stop web; rm /srv/journal/[123]`);
  await shell('lb1', 'systemctl stop haproxy');
  const all = await look();
  expect(damagedIn(all)).toEqual([
    ...['n1 service web damaged', 'n1 source pages damaged'],
    ...['n2 service web damaged', 'n2 config web damaged', 'n2 source journal damaged'],
    'lb1 host damaged',
    ...['db1 source shop-data damaged', 'db1 source code damaged', 'db1 packages damaged'],
  ]);
  expect(foundOf(all, 'n1 service web')).toEqual(['/opt/web/current leads to no release']);
  const gone = all.flatMap(({ host, subject }) => ('releaseGone' in subject ? [host] : []));
  expect(gone).toEqual(['n1']);
  expect(foundOf(all, 'n1 source pages')).toEqual([
    "1 of 9 files is missing: /srv/pages/it's",
    '1 file is of another type: /srv/pages/1',
  ]);
  expect(foundOf(all, 'n1 source journal')).toEqual(['1 of 5 files is missing: /srv/journal/1']);
  expect(foundOf(all, 'n2 service web')).toEqual([
    'web.service is inactive',
    'nothing listens on port 8080',
    expect.stringContaining('/health answers nothing'),
  ]);
  expect(foundOf(all, 'n2 config web')).toEqual([`${A} was edited by hand`, `${B} is not there`]);
  expect(foundOf(all, 'n2 source journal')).toEqual([expect.stringContaining('3 of 5 files are missing: ')]);
  expect(foundOf(all, 'db1 source code')).toEqual([
    '1 ref is missing, and nothing has their commits: refs/heads/main',
  ]);
  const database = foundOf(all, 'db1 source shop-data').join('; ');
  expect(database).toMatch(/1 of 5 tables is missing: shop\.lost/);
  expect(database).toMatch(/2 tables cannot be read: shop\.old \(.*\), shop\.orders \(/);
  expect(foundOf(all, 'lb1 host')).toEqual([expect.stringMatching(/^balancer edge: /)]);
  const packages = all.find(({ host, subject }) => host === 'db1' && subject.kind === 'packages');
  expect(packages).toMatchObject({
    subject: { packages: ['apt'] },
    found: ['files of apt missing: /usr/bin/apt-mark'],
    level: 'application',
  });
});

it('names a database that does not answer, a file that an open server does not miss, and a host that is off', async () => {
  await shell('db1', 'rm /var/lib/mysql/shop/whole.ibd');
  await powerOff(NAME, 'n2');
  const all = await look(['n2', 'db1']);
  expect(all.filter(({ host }) => host === 'n2').map(about)).toEqual([
    'n2 host damaged',
    ...['service web', 'config web', 'source pages', 'source journal', 'packages', 'exposure'].map(
      (what) => `n2 ${what} unknown`,
    ),
  ]);
  expect(foundOf(all, 'n2 host')).toEqual([expect.stringMatching(/^does not answer by SSH: /)]);
  expect(foundOf(all, 'db1 source shop-data')).toContain('not there: /var/lib/mysql/shop/whole.ibd');
  // whoever asks at its socket would start it
  await shell('db1', 'systemctl stop mariadb.socket mariadb');
  const off = await look(['db1']);
  expect(foundOf(off, 'db1 source shop-data')).toEqual([expect.stringMatching(/^does not answer: /)]);
  expect(damagedIn(off)).toContain('db1 service database damaged');
});

longIt('does not call well what nobody can compare', async () => {
  await powerOff(NAME, 'bk1');
  const all = await look(['n1']);
  expect(all.map(about)).toContain('n1 source journal unknown');
  expect(foundOf(all, 'n1 source journal')).toEqual([
    '1 folder is there',
    expect.stringContaining('what it should have cannot be read'),
  ]);
});

it('shows no password', () => {
  const log = readFileSync(join(stateDir, 'workers', `${NAME}.log`), 'utf8');
  for (const secret of Object.values(PASSWORDS)) expect(log).not.toContain(secret);
});
