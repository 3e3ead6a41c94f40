/** What was lost comes back: into a folder of its own, and into its place while orders come in. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { startOrders } from '../../lab/service';
import { powerCut, start } from '../../lab/hosts';
import type { Restore } from '../../src/contracts/backup-run';
import { ended, type Ground } from './ground';
import { full } from '../full';
import { longIt, selection } from '../long';
import { backedUp, catalogue, leftOn, sql, through } from './backups';
import { byHand, type ByHand } from './restores';

jest.setTimeout(240_000);
const NAME = 'test-restore';

let ground: Ground;
let hand: ByHand;
beforeAll(async () => {
  ground = await backedUp(NAME, 1, {
    'shop-files': { kind: 'mariadb', method: 'physical', host: 'db1' },
    code: { kind: 'git', host: 'db1', repository: '/srv/app/code' },
    files: {
      kind: 'folders',
      host: 'db1',
      folders: ['/opt/shop/data', '/opt/shop/conf', '/opt/shop/data/deep'],
    },
    odd: { kind: 'folders', host: 'db1', folders: ['/opt/odd'] },
    conf: { kind: 'folders', host: 'db1', folders: ['/etc', '/opt/mounted', '/opt/behind/x'] },
  });
  hand = byHand(ground);
  await startOrders(NAME, 'db1');
  await sql(
    ground,
    `CREATE TABLE shop.old (id INT) ENGINE=MyISAM; INSERT INTO shop.old VALUES (7);
    CREATE USER shopkeeper@localhost IDENTIFIED BY 'x'; GRANT SELECT ON shop.* TO shopkeeper@localhost;
    CREATE PROCEDURE shop.one() SELECT 1;`,
  );
  await on(`mkdir -p /opt/shop/data/deep /opt/shop/conf /opt/odd /opt/mounted /opt/real/x /srv/app && ln -s real /opt/behind
    echo one >/opt/shop/data/file && ln /opt/shop/data/file /opt/shop/data/hard && ln -s /etc/passwd /opt/shop/data/link
    echo deep >/opt/shop/data/deep/file && chown -R www-data:games /opt/shop/data && chmod 2750 /opt/shop/data/deep
    chmod 640 /opt/shop/data/file && echo conf >"/opt/shop/conf/odd \\"name\\"" && touch -d 2001-02-03 /opt/shop/conf
    echo x >/opt/odd/set-uid && chmod 4755 /opt/odd/set-uid && mknod /opt/odd/device c 1 3 && mkfifo /opt/odd/fifo
    cd /srv/app && git init -q -b main code && cd code && git config user.name T && git config user.email t@example.org &&
    echo code >file && git add . && git commit -qm one && git tag v1 && git branch side && chown -R www-data:games .`);
  const backups = ['shop-data', 'shop-files', 'code', 'files', 'odd', 'conf'];
  for (const source of backups) {
    const { end, message } = await through(ground, 'backup', source);
    expect([source, end, end === 'succeeded' ? '' : message]).toEqual([source, 'succeeded', '']);
  }
}, 600_000);
afterAll(async () => {
  await hand?.close();
  await ground?.remove();
}, 60_000);

const on = (command: string, host = 'db1') => ground.inside(host, 'sh', '-c', command);
const newest = async (source: string) => (await catalogue(ground, source)).at(-1)!;
const inPlace = async (source: string, more: Partial<Restore> = {}) =>
  hand.of({
    ...{ source, host: 'db1', on: 'db1', backup: (await newest(source)).id, place: 'inPlace' },
    ...more,
  });
const listing = (folder: string) =>
  on(
    `cd ${folder} && find . -printf '%p %y %#m %u %g %l %Ts\\n' | sort && find . -type f -exec sha256sum {} + | sort`,
  );

describe('into a folder of its own', () => {
  it('a plan says what would come back, and touches nothing', async () => {
    const run = await through(ground, 'restore', 'shop-data', { dryRun: true });
    expect([run.end, run.message]).toEqual([
      'planned',
      expect.stringMatching(
        /^planned: shop-data\.db1\..*, which holds .*, to \/var\/lib\/pawl-restored\/shop-data-\d{8}T\d{6}Z on db1$/,
      ),
    ]);
    expect(await on('ls /var/lib/pawl-restored 2>/dev/null || true')).toBe('');
  });

  it.each(['shop-data', 'shop-files'])('%s is compared, and can be used as the run says', async (source) => {
    const run = await through(ground, 'restore', source);
    console.log(run.message, run.report.notes);
    expect([run.end, run.message]).toEqual([
      'succeeded',
      expect.stringMatching(/is in .* on db1: .*2 tables with/),
    ]);
    const [server, client] = run.report.notes.at(-1)!.split(': ')[1]!.split(' & ');
    await on(
      `systemd-run -q --unit=look-${source} ${server}; for i in $(seq 100); do ${client} -e 'SELECT 1' && exit 0; sleep 0.1; done; exit 1`,
    );
    expect(await on(`${client} -N -e 'SELECT id FROM shop.old; CALL shop.one()'`)).toBe('7\n1');
    await on(`systemctl stop look-${source}`);
    expect([await leftOn(ground, 'db1'), await on('ls -A /var/lib/pawl/backups/restores')]).toEqual(['', '']);
    // the one that is at work knew nothing of it
    expect(await on('systemctl is-active mariadb orders')).toBe('active\nactive');
  });

  longIt('a store that takes nothing any more can be read', async () => {
    const locks = '/srv/pawl-backups/files/repository/locks';
    await on(`chmod 500 ${locks}`, 'bk1');
    const run = await through(ground, 'restore', 'files');
    await on(`chmod 700 ${locks}`, 'bk1');
    expect([run.end, run.message]).toEqual([
      'succeeded',
      expect.stringContaining('4 files, each byte of them'),
    ]);
  });

  it('to another host, which may read the repository for as long as that takes', async () => {
    const run = await through(ground, 'restore', 'code', { on: 'n1', folder: '/srv/code' });
    expect([run.end, run.message]).toEqual([
      'succeeded',
      expect.stringContaining('3 refs, each at its commit'),
    ]);
    expect(await on('cat /srv/code/file && git -c safe.directory=* -C /srv/code status --short', 'n1')).toBe(
      'code',
    );
    expect(await on('grep -c "code/n1$" /srv/pawl-backups/.ssh/authorized_keys || true', 'bk1')).toBe('0');
    const again = await through(ground, 'restore', 'code', { on: 'n1', folder: '/srv/code' });
    expect([again.end, again.message]).toEqual(['BadInput', expect.stringContaining('is there already')]);
  });

  it('set-uid files and devices are refused, unless they are asked for', async () => {
    const refused = await through(ground, 'restore', 'odd');
    expect([refused.end, refused.message]).toEqual([
      'Failed',
      expect.stringMatching(
        /3 paths are refused.*device is a chardev.*fifo is a fifo.*set-uid is set-uid or set-gid/,
      ),
    ]);
    expect(await on('ls -A /var/lib/pawl-restored | grep odd || true')).toBe('');
    const wanted = await through(ground, 'restore', 'odd', { asTheyAre: true, folder: '/opt/wanted' });
    expect(wanted.end).toBe('succeeded');
    expect(await listing('/opt/wanted/opt/odd')).toBe(await listing('/opt/odd'));
  });
});

describe('into its place', () => {
  /** Milliseconds after the job has begun: before the stop, between renames, at the start. */
  const kills = full ? [0, 250, 600, 950, 1_300, 1_700, 2_300] : [600, 1_300];
  // so slow that a kill hits what is in between, too
  beforeAll(() =>
    on(
      'printf \'#!/bin/sh\\nsleep 0.15; /bin/mv "$@"; code=$?; sleep 0.15; exit $code\\n\' >/usr/local/bin/mv; chmod 755 /usr/local/bin/mv',
    ),
  );
  const cuts = async () => Number(await on('ls -d /var/lib/pawl/jobs/*/started.1 2>/dev/null | wc -l'));

  it('folders come back as they were, whenever it is killed, and what was there lies aside', async () => {
    const before = [await listing('/opt/shop/data'), await listing('/opt/shop/conf')];
    const cut = await cuts();
    for (const ms of kills) {
      await on(
        `rm -r /opt/shop/data/deep; echo spoilt-${ms} >/opt/shop/data/file; chown -R root: /opt/shop/data; rm -rf /opt/shop/conf`,
      );
      const of = await inPlace('files');
      await hand.stage(of);
      expect(await on('cat /opt/shop/data/file')).toBe(`spoilt-${ms}`);
      expect((await hand.judge(of)).wrong).toEqual([]);
      await Promise.all([hand.swapIn(of), killed(ms)]);
      const { aside } = await hand.swapped(of);
      await hand.clear(of);
      expect([await listing('/opt/shop/data'), await listing('/opt/shop/conf')]).toEqual(before);
      expect(aside).toEqual([expect.stringMatching(/^\/opt\/shop\/data\.aside-[0-9a-f]{8}$/)]);
      expect(await on(`cat ${aside[0]}/file; ls -A /opt/shop | grep restore || true`)).toBe(`spoilt-${ms}`);
    }
    // most of them have hit it
    expect((await cuts()) - cut).toBeGreaterThanOrEqual(Math.ceil(kills.length / 2));
  });

  it.each(
    selection(
      kills.map((ms, index) => [ms, index % 2 ? 'shop-files' : 'shop-data'] as const),
      1,
    ),
  )('a damaged database comes back while orders want in, killed after %d ms (%s)', async (ms, source) => {
    await on(
      'rm -f /var/lib/mysql/shop/orders.ibd /var/lib/mysql/shop/old.MYD; echo bytes >/var/lib/mysql/damaged',
    );
    const of = await inPlace(source);
    await hand.stage(of);
    const judged = await hand.judge(of);
    expect([judged.wrong, judged.places]).toEqual([
      [],
      [expect.stringMatching(/^\/var\/lib\/\.mysql\.restore-/)],
    ]);
    await Promise.all([hand.swapIn(of), killed(ms)]);
    const { aside, seconds } = await hand.swapped(of);
    console.log(source, ms, { aside, seconds });
    await hand.clear(of);
    expect(aside).toHaveLength(1);
    expect(await on(`cat ${aside[0]}/damaged; ls -A /var/lib | grep 'mysql\\.restore' || true`)).toBe(
      'bytes',
    );
    expect(await on('systemctl is-active mariadb mariadb.socket orders')).toBe('active\nactive\nactive');
    expect(await sql(ground, 'SELECT id FROM shop.old; CALL shop.one()')).toBe('7\n1');
    // its accounts came with it, and orders come in again
    expect(await on('mariadb -u shopkeeper -px -N -e "SELECT COUNT(*) > 0 FROM shop.orders"')).toBe('1');
    const count = async () => Number(await sql(ground, 'SELECT COUNT(*) FROM shop.orders'));
    const had = await count();
    await delay(1_000);
    expect(await count()).toBeGreaterThan(had);
  });

  it('a power cut in the midst of it', async () => {
    const of = await inPlace('shop-data');
    await hand.stage(of);
    const swap = hand.swapIn(of).catch((error: Error) => error);
    await on(
      'before=$(ls -d /var/lib/mysql.aside-* | wc -l); until [ "$(ls -d /var/lib/mysql.aside-* | wc -l)" -gt "$before" ]; do sleep 0.01; done',
    );
    await powerCut(NAME, 'db1');
    await start(NAME, 'db1');
    await swap;
    await hand.swapIn(of);
    expect((await hand.swapped(of)).aside).toHaveLength(1);
    await hand.clear(of);
    expect(await sql(ground, 'SELECT id FROM shop.old')).toBe('7');
  });

  it('where one of several folders cannot be swapped, none is', async () => {
    await on(
      `printf '#!/bin/sh\\ncase "$*" in *files/opt/shop/conf\\ /opt/shop/conf) exit 1 ;; esac; exec /bin/mv "$@"\\n' >/usr/local/bin/mv; echo spoilt >/opt/shop/data/file`,
    );
    const of = await inPlace('files');
    await hand.stage(of);
    const before = [await listing('/opt/shop/data'), await listing('/opt/shop/conf')];
    await expect(hand.swapIn(of)).rejects.toThrow(/does not come to its place; all is where it was/);
    expect([await listing('/opt/shop/data'), await listing('/opt/shop/conf')]).toEqual(before);
    await on('rm /usr/local/bin/mv');
    await hand.clear(of);
  });

  it('a repository with its files', async () => {
    await on('rm -rf /srv/app/code/.git');
    const of = await inPlace('code');
    await hand.stage(of);
    expect((await hand.judge(of)).wrong).toEqual([]);
    await hand.swapIn(of);
    await hand.clear(of);
    expect(
      await on(
        'cd /srv/app/code && git -c safe.directory=* log --oneline --decorate | cut -d " " -f 2-; stat -c %U:%G file',
      ),
    ).toBe('(HEAD -> main, tag: v1, side) one\nwww-data:games');
  });

  it('what no rename can swap is refused before anything is touched', async () => {
    await on('mount -t tmpfs tmpfs /opt/mounted');
    const of = await inPlace('conf');
    await expect(hand.stage(of)).rejects.toThrow(/\/etc lies directly below \//);
    await on('umount /opt/mounted');
    await hand.clear(of);
    expect(await on('ls -A /opt /etc | grep restore || true')).toBe('');
  });
});

describe('an input that hosts have something against', () => {
  /** Of all mistakes; no job has begun. */
  async function refused(type: string, input: object): Promise<string[]> {
    const jobs = () => Promise.all(['db1', 'bk1'].map((host) => on('ls -A /var/lib/pawl/jobs | sort', host)));
    const before = await jobs();
    const args = [{ cluster: ground.cluster, ...input }];
    const options = { taskQueue: 'pawl', workflowId: `${type}-${randomUUID()}`, args };
    const { end, message } = await ended(await ground.client.workflow.start(type, options));
    expect([end, await jobs()]).toEqual(['BadInput', before]);
    return message.split('\n').slice(1);
  }

  it('of a recovery is refused before anybody looks for damage', async () => {
    const restore = [
      { source: 'conf' },
      { source: 'files', at: '2001-02-03T04:05:06Z' },
      { source: 'files', host: 'bk1' },
      { source: 'code', backup: (await newest('odd')).id },
    ];
    expect(await refused('disasterRecovery', { restore })).toEqual([
      'restore.2.host: bk1: there is no such name; there are db1',
      expect.stringMatching(
        /^restore\.3\.backup: odd\.db1\..*: there is no such name.*; there are code\.db1\./,
      ),
      expect.stringMatching(/^restore\.0: \/etc: lies directly below \/: .*\. Restore it to another folder/),
      'restore.0: /opt/behind/x: lies behind a link: nothing is restored through links. Name it as /opt/real/…',
      expect.stringMatching(/^restore\.1\.source: files: there is no backup of it on db1 that brings 2001/),
    ]);
  });

  it('of a restore', async () => {
    const store = { on: 'bk1', folder: '/srv/pawl-backups/files' };
    expect(await refused('restore', { source: 'files', ...store })).toEqual([
      'hosts.bk1: /srv/pawl-backups/files: is there already',
      'hosts.bk1: /srv/pawl-backups/files: backups lie there (/srv/pawl-backups): restore to another folder',
    ]);
  });
});

/** The job that swaps, so many milliseconds after it has begun. */
async function killed(ms: number): Promise<void> {
  const unit = "systemctl list-units --no-legend --plain 'pawl-job-*' | cut -d ' ' -f 1 | head -n 1";
  await on(`for i in $(seq 200); do unit=$(${unit}); [ -z "$unit" ] || break; sleep 0.01; done; sleep ${ms / 1_000}
    systemctl kill --signal=SIGKILL "$unit" 2>/dev/null || true`);
}
