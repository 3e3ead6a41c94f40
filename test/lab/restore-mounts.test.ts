/** What was lost comes back to where a file system is mounted: entry by entry, whenever it is cut. */
import { powerCut, start } from '../../lab/hosts';
import { longIt, selection } from '../long';
import type { Ground } from './ground';
import { backedUp, catalogue, sql, through } from './backups';
import { byHand, type ByHand } from './restores';

jest.setTimeout(300_000);
const NAME = 'test-restore-mounts';

let ground: Ground;
let hand: ByHand;
beforeAll(async () => {
  ground = await backedUp(NAME, 1, {
    'shop-files': { kind: 'mariadb', method: 'physical', host: 'db1' },
    vol: { kind: 'folders', host: 'db1', folders: ['/srv/vol', '/opt/shop/conf'] },
    web: { kind: 'folders', host: 'n1', folders: ['/opt/web'], units: ['web.service'] },
  });
  hand = byHand(ground);
  await on(`mknod /dev/loop-control c 10 237; for n in $(seq 0 31); do mknod /dev/loop$n b 7 $n; done
    set -e
    for disk in vol:512M mysql:3G; do truncate -s "\${disk#*:}" "/var/disk-\${disk%:*}"; mkfs.ext4 -q "/var/disk-\${disk%:*}"; done
    systemctl stop mariadb.service mariadb.socket
    mkdir /srv/vol /mnt/new
    mount -o loop /var/disk-mysql /mnt/new
    cp -a /var/lib/mysql/. /mnt/new/ && chown --reference=/var/lib/mysql /mnt/new && umount /mnt/new
    mount -o loop /var/disk-mysql /var/lib/mysql && mount -o loop /var/disk-vol /srv/vol
    printf '[mysqld]\\nignore_db_dirs=lost+found\\n' >/etc/mysql/mariadb.conf.d/99-volume.cnf
    systemctl start mariadb.service
    mkdir -p /srv/vol/data /opt/shop/conf && ln -s nowhere /srv/vol/link && echo one >"/srv/vol/a name" && echo two >/srv/vol/-n
    echo three >/srv/vol/.hidden && echo deep >/srv/vol/data/file && echo conf >/opt/shop/conf/file
    chown -R www-data:games /srv/vol/data /srv/vol && chmod 2750 /srv/vol
    mkdir -p /srv/vol/lost+found`);
  await sql(
    ground,
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); INSERT INTO shop.orders VALUES (1), (2); CREATE TABLE shop.old (id INT) ENGINE=MyISAM; INSERT INTO shop.old VALUES (7)',
  );
  for (const source of ['shop-data', 'shop-files', 'vol', 'web']) await backup(source);
  // so slow that a kill hits what is in between, too
  for (const host of ['db1', 'n1']) await slowMv(host);
}, 600_000);
afterAll(async () => {
  await hand?.close();
  await ground?.remove();
}, 60_000);

const on = (command: string, host = 'db1') => ground.inside(host, 'sh', '-c', command);
const slowMv = (host: string, first = '') =>
  on(
    `cat >/usr/local/bin/mv <<'END'
#!/bin/sh
case "$*" in */var/lib/pawl/jobs/*) exec /bin/mv "$@" ;; esac
${first}
sleep 0.1
[ "$1" = -n ] || { /bin/mv "$@"; code=$?; sleep 0.1; exit $code; }
to=$3
shift 4
for one; do /bin/mv -n -t "$to" -- "$one" || exit; sleep 0.1; done
END
chmod 755 /usr/local/bin/mv`,
    host,
  );
async function backup(source: string) {
  const { end, message } = await through(ground, 'backup', source);
  expect([source, end, end === 'succeeded' ? '' : message]).toEqual([source, 'succeeded', '']);
}
const inPlace = async (source: string, host = 'db1') =>
  hand.of({
    ...{ source, host, on: host, place: 'inPlace' },
    backup: (await catalogue(ground, source)).at(-1)!.id,
  });
/** What is in a folder, besides what restores and the file system have there; and the folder's own owner and mode. */
const listing = (folder: string, host = 'db1') =>
  on(
    `cd ${folder} && stat -c '%U:%G %a' . && ls -A | grep -v '^lost+found$\\|^.aside-\\|^.restore-' |
      tr '\\n' '\\0' | xargs -0r -I % find ./% \\( -type f -printf '%p %#m %u %g %s ' -exec sha256sum {} \\; \\) -o -printf '%p %y %#m %u %g %l\\n' | sort`,
    host,
  );
const cuts = async (host = 'db1') =>
  Number(await on('ls -d /var/lib/pawl/jobs/*/started.1 2>/dev/null | wc -l', host));

describe('folders', () => {
  const kills = selection([900, 1_600, 0, 300, 600, 1_200, 2_000, 2_500], 2);

  it('come back as they were, whenever it is killed, and what was there lies aside', async () => {
    const before = [await listing('/srv/vol'), await listing('/opt/shop/conf')];
    const cut = await cuts();
    for (const ms of kills) {
      await on(
        `cd /srv/vol && rm -rf data link && mkdir new && echo spoilt-${ms} >"a name" && chown root:root . && chmod 00700 .; echo spoilt >/opt/shop/conf/file`,
      );
      const of = await inPlace('vol');
      await hand.stage(of);
      expect((await hand.judge(of)).wrong).toEqual([]);
      expect(await on('stat -c "%U:%G %a" /srv/vol/.restore-*; cat "/srv/vol/a name"')).toBe(
        `root:root 700\nspoilt-${ms}`,
      );
      await Promise.all([hand.swapIn(of), killed(ms)]);
      const { aside } = await hand.swapped(of);
      await hand.clear(of);
      expect([await listing('/srv/vol'), await listing('/opt/shop/conf')]).toEqual(before);
      expect(aside).toEqual([
        expect.stringMatching(/^\/opt\/shop\/conf\.aside-[0-9a-f]{8}$/),
        expect.stringMatching(/^\/srv\/vol\/\.aside-[0-9a-f]{8}$/),
      ]);
      const [, volume] = aside;
      expect(await on(`cd ${volume} && cat 'a name' ./-n && ls -Ad new && stat -c '%U:%G %a' .`)).toBe(
        `spoilt-${ms}\ntwo\nnew\nroot:root 700`,
      );
      expect(await on('ls -Ad /srv/vol/.restore-* /srv/vol/lost+found 2>/dev/null || true')).toBe(
        '/srv/vol/lost+found',
      );
    }
    expect((await cuts()) - cut).toBeGreaterThanOrEqual(kills.length / 2);
    expect(await on('ls -Ad /srv/vol/.aside-* | wc -l')).toBe(String(kills.length));
  });

  it('what went aside is in no later backup', async () => {
    const files = async () => (await catalogue(ground, 'vol')).at(-1)!.content;
    const before = await files();
    await backup('vol');
    expect(await files()).toEqual(before);
  });

  it('all or none', async () => {
    await slowMv('db1', 'case "$*" in *files/opt/shop/conf\\ /opt/shop/conf) exit 1 ;; esac');
    await on('echo spoilt >"/srv/vol/a name"; chmod 711 /srv/vol');
    const before = [
      await listing('/srv/vol'),
      await listing('/opt/shop/conf'),
      await on('ls -A /srv/vol | wc -l'),
    ];
    const of = await inPlace('vol');
    await hand.stage(of);
    await expect(hand.swapIn(of)).rejects.toThrow(/conf does not come to its place; all is where it was/);
    await hand.clear(of);
    expect([
      await listing('/srv/vol'),
      await listing('/opt/shop/conf'),
      await on('ls -A /srv/vol | wc -l'),
    ]).toEqual(before);
    await slowMv('db1');
  });

  it('a file system that is gone is no swap that is done', async () => {
    const of = await inPlace('vol');
    await hand.stage(of);
    await on('umount /srv/vol');
    await expect(hand.swapIn(of)).rejects.toThrow(/is gone: is its file system mounted\?/);
    await on('mount -o loop /var/disk-vol /srv/vol');
    await hand.clear(of);
    expect(await on('ls -Ad /srv/vol/.restore-* 2>/dev/null || true')).toBe('');
  });

  it('releases of a service that is at work', async () => {
    const before = await listing('/opt/web', 'n1');
    await on('rm -rf /opt/web/releases/*', 'n1');
    const of = await inPlace('web', 'n1');
    await hand.stage(of);
    await Promise.all([hand.swapIn(of), killed(1_000, 'n1')]);
    await hand.clear(of);
    expect(await listing('/opt/web', 'n1')).toBe(before);
    expect(await on('systemctl is-active web', 'n1')).toBe('active');
  });
});

describe('a database', () => {
  const damaged = () =>
    on(
      'rm -f /var/lib/mysql/shop/orders.ibd /var/lib/mysql/shop/old.MYD; echo bytes >/var/lib/mysql/damaged',
    );
  const isBack = async () => {
    expect(await sql(ground, 'SELECT * FROM shop.orders; SELECT id FROM shop.old')).toBe('1\n2\n7');
    expect(await sql(ground, 'SHOW DATABASES')).not.toMatch(/aside|restore/);
    expect(await on('stat -c "%U %a" /var/lib/mysql')).toBe('mysql 755');
    expect(await on('systemctl is-active mariadb mariadb.socket || true')).toMatch(/^active/);
  };

  it.each(
    selection([1_000, 2_600, 0, 500, 1_500, 2_000, 3_200, 4_000], 1).map(
      (ms, nth) => [ms, nth % 2 ? 'shop-files' : 'shop-data'] as const,
    ),
  )('on a volume of its own, killed after %d ms (%s)', async (ms, source) => {
    await damaged();
    const of = await inPlace(source);
    await hand.stage(of);
    const judged = await hand.judge(of);
    expect([judged.wrong, judged.places]).toEqual([
      [],
      [expect.stringMatching(/^\/var\/lib\/mysql\/#sql-restore-[0-9a-f]{8}\/data$/)],
    ]);
    expect(await sql(ground, 'SHOW DATABASES')).not.toMatch(/restore/);
    const cut = await cuts();
    await Promise.all([hand.swapIn(of), killed(ms)]);
    const { aside, seconds } = await hand.swapped(of);
    console.log(source, ms, { aside, seconds, cut: (await cuts()) - cut });
    await hand.clear(of);
    expect(aside).toEqual([expect.stringMatching(/^\/var\/lib\/mysql\/#sql-aside-[0-9a-f]{8}$/)]);
    expect(await on(`cat '${aside[0]}/damaged'; ls -Ad /var/lib/mysql/lost+found`)).toBe(
      'bytes\n/var/lib/mysql/lost+found',
    );
    await isBack();
  });

  longIt('is dumped, copied, upgraded and checked with what lies aside in its folder', async () => {
    await on(
      'systemctl kill --signal=SIGKILL mariadb; sleep 1; systemctl start mariadb; mariadb-upgrade --force >/dev/null',
    );
    for (const source of ['shop-data', 'shop-files']) await backup(source);
    expect(await on('mariadb-check --all-databases | grep -v "OK$" || true')).toBe('');
    await isBack();
  });

  longIt('does not begin its work on a half of its files after a power cut', async () => {
    await on(`set -e; systemctl stop mariadb.service mariadb.socket; rm -rf '/var/lib/mysql/#sql-'*; mkdir -p /data/mysql
      cp -a /var/lib/mysql/. /data/mysql/; chown --reference=/var/lib/mysql /data/mysql; umount /var/lib/mysql
      echo '/data/mysql /var/lib/mysql none bind 0 0' >>/etc/fstab; systemctl daemon-reload; mount /var/lib/mysql
      systemctl start mariadb`);
    for (const until of ['#sql-aside-*/damaged', '#sql-restore-*/emptied']) {
      await on(`rm -rf '/var/lib/mysql/#sql-'*`);
      await damaged();
      const of = await inPlace('shop-data');
      await hand.stage(of);
      const swap = hand.swapIn(of).catch((error: Error) => error);
      const [folder, name] = until.split('*') as [string, string];
      await on(
        `until ls '/var/lib/mysql/${folder}'*${name} >/dev/null 2>&1; do sleep 0.01; done; sleep 0.3; sync`,
      );
      await powerCut(NAME, 'db1');
      await swap;
      await start(NAME, 'db1');
      expect(await on('systemctl is-active mariadb || true; stat -c "%U %a" /var/lib/mysql')).not.toMatch(
        /^active|mysql/,
      );
      await hand.swapIn(of);
      const { aside } = await hand.swapped(of);
      await hand.clear(of);
      expect(await on(`cat '${aside[0]}/damaged'`)).toBe('bytes');
      await isBack();
    }
  });
});

/** The job that swaps, so many milliseconds after it has begun. */
async function killed(ms: number, host = 'db1'): Promise<void> {
  const unit = "systemctl list-units --no-legend --plain 'pawl-job-*' | cut -d ' ' -f 1 | head -n 1";
  await on(
    `for i in $(seq 200); do unit=$(${unit}); [ -z "$unit" ] || break; sleep 0.01; done; sleep ${ms / 1_000}
    systemctl kill --signal=SIGKILL "$unit" 2>/dev/null || true`,
    host,
  );
}
