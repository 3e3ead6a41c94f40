/**
 * A repository that loses bytes: whatever is spoilt, a restore finds it before anything on the host is stopped, or it was of no
 * use to that backup and what comes back is equal. Caches of the host hide nothing: a restore reads the store.
 */
import { chance } from '../domain/chance';
import { full } from '../full';
import type { Ground } from './ground';
import { backedUp, catalogue, sql, STORE, through } from './backups';
import { byHand, type ByHand } from './restores';

const NAME = 'test-flips';
const TRIALS = full ? 200 : 2;
const SEED = 20_261_129;
/** Databases are what this is about; of many trials every fourth one is folders, in this order with this seed. */
const SOURCES = full ? ['shop-data', 'shop-files', 'shop-data', 'files'] : ['files', 'shop-data'];
/** Where a repository keeps what: most of it is in the packs. */
const PARTS = ['data', 'data', 'index', 'data', 'snapshots', 'data', 'keys', 'data', 'config', 'data'];

let ground: Ground;
let hand: ByHand;
beforeAll(async () => {
  ground = await backedUp(NAME, 1, {
    'shop-files': { kind: 'mariadb', method: 'physical', host: 'db1' },
    files: { kind: 'folders', host: 'db1', folders: ['/opt/shop'] },
  });
  hand = byHand(ground);
  await sql(
    ground,
    `CREATE DATABASE shop; USE shop; CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, what VARBINARY(400)) ENGINE=InnoDB;
    INSERT INTO orders (what) SELECT RANDOM_BYTES(300) FROM seq_1_to_2000;`,
  );
  await on(
    'db1',
    'mkdir -p /opt/shop && for i in 1 2 3 4 5; do head -c 20000 /dev/urandom >/opt/shop/$i; done',
  );
  for (const source of new Set(SOURCES)) {
    // one that nobody restores is in the same repository, but not where two trials must hit what is needed
    if (full) await through(ground, 'backup', source);
    await sql(ground, 'USE shop; INSERT INTO orders (what) SELECT RANDOM_BYTES(300) FROM seq_1_to_500');
    const more = source === 'shop-files' ? { kind: 'incremental' } : {};
    expect((await through(ground, 'backup', source, more)).end).toBe('succeeded');
    // of files a drill notes what they hold
    expect((await through(ground, 'restoreDrill', source)).end).toBe('succeeded');
  }
}, 600_000);
afterAll(async () => {
  await hand?.close();
  await ground?.remove();
}, 60_000);

const on = (host: string, command: string) => ground.inside(host, 'sh', '-c', command);
const lines = (text: string) => text.split('\n').filter(Boolean);
const started = () =>
  on('db1', 'systemctl show -P ActiveEnterTimestampMonotonic mariadb; stat -c %i /var/lib/mysql');

/** Spoils one file of a repository, and gives it back as it was. */
async function spoilt<T>(file: string, how: string, work: () => Promise<T>): Promise<T> {
  await on('bk1', `cp -p ${file} /root/as-it-was && python3 -c ${JSON.stringify(how)} ${file}`);
  try {
    return await work();
  } finally {
    await on('bk1', `cp -p /root/as-it-was ${file}`);
  }
}

it(
  `of ${TRIALS} flipped bytes and cut files each is found before anything is stopped, or harms nothing`,
  async () => {
    const random = chance(SEED);
    const below = (most: number) => Math.floor(random() * most);
    const before = await started();
    const outcome = { found: 0, harmless: [] as string[] };
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const source = SOURCES[trial % SOURCES.length]!;
      const part = PARTS[trial % PARTS.length]!;
      const files = lines(
        await on('bk1', `find ${STORE}/${source}/repository/${part} -type f -printf '%s %p\\n' | sort`),
      );
      const [size, file] = files[below(files.length)]!.split(' ') as [string, string];
      const at = below(Number(size));
      const cut = random() < 0.3;
      const how = cut
        ? `import os, sys; os.truncate(sys.argv[1], ${at})`
        : `import sys; f = open(sys.argv[1], 'r+b'); f.seek(${at}); b = f.read(1)[0]; f.seek(${at}); f.write(bytes([b ^ ${1 + below(255)}]))`;
      const backup = (await catalogue(ground, source)).at(-1)!.id;
      const of = hand.of({ source, host: 'db1', on: 'db1', backup, place: 'inPlace' });
      const says = `${trial}: ${source} ${part} ${cut ? 'cut' : 'flipped'} at ${at} of ${size}`;
      const wrong = await spoilt(file, how, () =>
        hand.stage(of).then(
          async () => (await hand.judge(of)).wrong,
          (error: Error) => [error.message],
        ),
      );
      await hand.clear(of);
      if (wrong.length > 0) outcome.found += 1;
      else outcome.harmless.push(says);
    }
    console.log(
      `${outcome.found} found; ${outcome.harmless.length} harmless:\n${outcome.harmless.join('\n')}`,
    );
    expect(outcome.found + outcome.harmless.length).toBe(TRIALS);
    // most of what a repository has is needed
    expect(outcome.found).toBeGreaterThanOrEqual(TRIALS / 4);
    // nothing was stopped, and nothing is left
    expect(await started()).toBe(before);
    expect(
      await on('db1', 'ls -A /var/lib /opt | grep restore || true; ls -A /var/lib/pawl/backups/restores'),
    ).toBe('');
    // and what is whole again comes back
    expect((await through(ground, 'restore', 'shop-data')).end).toBe('succeeded');
  },
  full ? 3 * 3_600_000 : 600_000,
);
