/** What befalls a backup on its way: nothing half of it counts, what was there is kept, and the next one is fine. */
import { setTimeout as delay } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { cutSsh, reboot } from '../../lab/hosts';
import { longIt } from '../long';
import type { Ground } from './ground';
import { ended } from './ground';
import { backedUp, begin, catalogue, leftOn, sql, STORE, through } from './backups';

jest.setTimeout(90_000);
const NAME = 'test-backup-faults';

let ground: Ground;
beforeAll(async () => {
  ground = await backedUp(NAME, 1, { big: { kind: 'folders', host: 'db1', folders: ['/var/lib/big'] } });
  const file = parse(await readFile(ground.cluster, 'utf8')) as Record<string, unknown>;
  file.notifications = { channels: { told: { kind: 'file', folder: 'told' } } };
  await writeFile(ground.cluster, stringify(file));
  // small, so that it can be filled
  await onStore(`mkdir -p ${STORE} && mount -t tmpfs -o size=400m,mode=755 tmpfs ${STORE}`);
  await sql(
    ground,
    `CREATE DATABASE shop; USE shop; CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARBINARY(2000)) ENGINE=InnoDB;
    INSERT INTO orders (what) SELECT CONCAT(RANDOM_BYTES(1000), RANDOM_BYTES(1000)) FROM seq_1_to_20000;`,
  );
}, 300_000);
afterAll(() => ground?.remove(), 60_000);

const onStore = (command: string) => ground.inside('bk1', 'sh', '-c', command);
const onSource = (command: string) => ground.inside('db1', 'sh', '-c', command);
const ids = async (source = 'shop-data') => (await catalogue(ground, source)).map(({ id }) => id);
const alerts = () => {
  const text = readFileSync(join(dirname(ground.cluster), 'told', 'notifications.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .filter((line) => line.includes('backupTrouble')).length;
};
/** Prints the jobs of a host that run now. */
const JOBS = "systemctl list-units --no-legend --plain 'pawl-job-*' | cut -d ' ' -f 1";
async function whileDumping(strike: () => Promise<unknown>, more: object = {}) {
  const run = await begin(ground, 'backup', 'shop-data', more);
  await onSource('for i in $(seq 1000); do pgrep mariadb-dump && exit 0; sleep 0.02; done; exit 1');
  await strike();
  return run;
}

it('a good one to begin with', async () => {
  expect((await through(ground, 'backup', 'shop-data')).end).toBe('succeeded');
  expect(await ids()).toHaveLength(1);
});

it('a database that is down: people hear of it, nothing is published', async () => {
  const before = await ids();
  // it would be started again by whoever connects
  await onSource('systemctl stop mariadb.socket mariadb.service');
  const run = await through(ground, 'backup', 'shop-data', { attempts: 2 });
  await onSource('systemctl start mariadb.socket mariadb.service');
  expect([run.end, run.message]).toEqual(['BadInput', expect.stringContaining('the server does not answer')]);
  expect([await ids(), alerts()]).toEqual([before, 1]);
});

it('a database that hangs on a lock: writers wait 20 s at most', async () => {
  const before = await ids();
  const locked = onSource("mariadb shop --execute 'LOCK TABLES orders WRITE; SELECT SLEEP(40)' || true");
  await delay(500);
  const run = await through(ground, 'backup', 'shop-data');
  expect([run.end, run.message]).toEqual(['Failed', expect.stringContaining('Lock wait timeout exceeded')]);
  expect(await ids()).toEqual(before);
  await onSource(
    "mariadb -N -e \"SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE info LIKE '%SLEEP(40)%' AND id <> CONNECTION_ID()\" | mariadb || true",
  );
  await locked;
});

it('a dump that is killed, and a job that is killed with all that it began', async () => {
  const before = await ids();
  const killed = await whileDumping(() => onSource('pkill -9 mariadb-dump'));
  expect((await ended(killed)).message).toMatch(/the dump failed/);
  expect(await ids()).toEqual(before);
  // a job that was cut off runs again by itself
  const cut = await whileDumping(async () => onSource(`systemctl kill --signal=SIGKILL $(${JOBS})`));
  expect((await ended(cut)).end).toBe('succeeded');
  expect(await ids()).toHaveLength(before.length + 1);
});

it('a host that is rebooted, a worker that is killed and SSH that is cut in the midst of it', async () => {
  const before = await ids();
  const rebooted = await whileDumping(() => reboot(NAME, 'db1'), { attempts: 3 });
  expect((await ended(rebooted)).end).toBe('succeeded');
  const killed = await whileDumping(async () => {
    await ground.killWorker();
    await cutSsh(NAME, 'db1');
    await ground.startWorker();
  });
  expect((await ended(killed)).end).toBe('succeeded');
  const after = await ids();
  expect(after).toHaveLength(before.length + 2);
  // no attempt of theirs was made twice
  expect(new Set(after).size).toBe(after.length);
});

// restic tries again for the better part of a minute
longIt(
  'a store that is full, before it begins and on the way: the old ones stay, and there is room again afterwards',
  async () => {
    const before = await ids();
    await onStore(`fallocate -l $(($(stat -f -c '%a * %S' ${STORE}) - 50000000)) ${STORE}/ballast`);
    const refused = await through(ground, 'backup', 'shop-data');
    expect([refused.end, refused.message]).toEqual([
      'BadInput',
      expect.stringMatching(/MiB are free, and \d+ may be needed/),
    ]);
    await onStore(
      `rm ${STORE}/ballast; fallocate -l $(($(stat -f -c '%a * %S' ${STORE}) - 100000000)) ${STORE}/ballast`,
    );
    await onSource('mkdir -p /var/lib/big && head -c 200M /dev/urandom >/var/lib/big/file');
    const full = await through(ground, 'backup', 'big');
    expect([full.end, full.message]).toEqual(['Failed', expect.stringContaining('big is not backed up')]);
    await onStore(`rm ${STORE}/ballast`);
    await onSource('rm -r /var/lib/big/file; echo small >/var/lib/big/file');
    expect(await ids('big')).toEqual([]);
    expect((await through(ground, 'backup', 'big')).end).toBe('succeeded');
    expect(await ids()).toEqual(before);
  },
);

it('a folder that cannot be read is no backup', async () => {
  const before = await ids('big');
  await onSource('rm -rf /var/lib/big');
  const run = await through(ground, 'backup', 'big');
  expect([run.end, run.message]).toEqual(['Failed', expect.stringContaining('there is no /var/lib/big')]);
  expect(await ids('big')).toEqual(before);
});

it('two that overlap are two backups', async () => {
  const before = await ids();
  const one = await begin(ground, 'backup', 'shop-data');
  await delay(1_200);
  const other = await begin(ground, 'backup', 'shop-data');
  expect([(await ended(one)).end, (await ended(other)).end]).toEqual(['succeeded', 'succeeded']);
  expect(await ids()).toHaveLength(before.length + 2);
});

it('old ones go when there is a new one, with what they alone needed', async () => {
  const file = parse(await readFile(ground.cluster, 'utf8')) as {
    backups: { sources: Record<string, object> };
  };
  const [oldest] = await ids();
  // as if it had been taken long ago
  await onStore(
    `sed -i 's/"at":"[^"]*"/"at":"2020-01-01T02:00:00Z"/' ${STORE}/shop-data/catalogue/${oldest}.json`,
  );
  Object.assign(file.backups.sources['shop-data']!, { keep: { days: 1, weeks: 1, months: 0, years: 0 } });
  await writeFile(ground.cluster, stringify(file));
  const run = await through(ground, 'backup', 'shop-data');
  expect([run.end, run.report.notes.at(-1)]).toEqual(['succeeded', `no longer kept: ${oldest}`]);
  expect(await ids()).not.toContain(oldest);
  const drill = await through(ground, 'restoreDrill', 'shop-data');
  expect(drill.end).toBe('succeeded');
});

it('one that is cancelled ends on its host, too, and leaves nothing there', async () => {
  const before = await ids();
  const run = await whileDumping(() => Promise.resolve());
  await cancelled(run);
  expect(await onSource('pgrep mariadb-dump || true')).toBe('');
  expect(await ids()).toEqual(before);
});

it('a drill that is cancelled leaves nothing of what it has restored', async () => {
  const run = await begin(ground, 'restoreDrill', 'shop-data');
  await onStore('for i in $(seq 1000); do pgrep mariadbd && exit 0; sleep 0.02; done; exit 1');
  await cancelled(run);
  expect(await onStore('pgrep mariadbd || true')).toBe('');
});

async function cancelled(run: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await run.cancel();
  await expect(ended(run)).rejects.toThrow();
  // a worker may not have heard of it yet, and begins its job once more: without secrets that ends at once
  const working = async () => (await onSource(JOBS)) + (await onStore(JOBS));
  for (const until = Date.now() + 10_000; (await working()) !== '' && Date.now() < until;) await delay(100);
  expect(await working()).toBe('');
  for (const host of ['db1', 'bk1']) expect(await leftOn(ground, host)).toBe('');
}
