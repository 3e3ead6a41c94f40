/** What a ground keeps on its store, how it is lost, and what must lie there afterwards, read without Pawl. */
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { catalogue, leftOn, PASSWORDS, STORE } from '../lab/backups';
import { ended, type Ground } from '../lab/ground';
import { jobsOn, KEEPER, lines, rotation, type Expect } from './traces';

/** One comes back before its host's service does, the other when that is at work. */
const LEVELS = { shop: 'application', journal: 'logs' };
const SOURCES = Object.keys(LEVELS);
const PASSWORD_FILE = 'store-password';
const DOWN_WITHIN = 20_000;

/** The cluster file of the stories in which the store takes part. */
export const withStore = (ground: Ground) => join(dirname(ground.cluster), 'with-store.yaml');
export const passwordOf = (ground: Ground) => ({
  file: join(dirname(ground.cluster), PASSWORD_FILE),
  text: PASSWORDS.store,
});
export const BACKUPS = {
  store: { host: KEEPER, password: `file:${PASSWORD_FILE}` },
  sources: Object.fromEntries(
    Object.entries(LEVELS).map(([name, level]) => [
      name,
      { kind: 'folders', host: 'n1', folders: [`/srv/${name}`], level },
    ]),
  ),
};

const on = (ground: Ground, host: string, script: string) => ground.inside(host, 'sh', '-c', script);

const MAKE = `mkdir -p /srv/shop/deep /srv/journal && cd /srv
  head -c 3000000 /dev/urandom >shop/data && ln -s data shop/link && echo deep >shop/deep/file
  chown -R www-data:games shop && chmod 2750 shop/deep && chmod 640 shop/deep/file && touch -d 2001-02-03 shop/data
  for day in 1 2 3 4; do echo "$day" >journal/$day; done; chown -R games:www-data journal; chmod 600 journal/2`;
/** Names, types, modes, owners, links, times and bytes. */
const listing = (root: string) => `(cd ${root}
  find shop journal -printf '%p %y %#m %u %g %l %Ts\\n' | sort
  find shop journal -type f -exec sha256sum {} + | sort)`;
/** How it looked when it was backed up. */
const ONCE = '/srv/.as-backed-up';

/** There is a good backup of each source; made once on a ground. */
export async function filled(ground: Ground): Promise<void> {
  if ((await catalogue(ground, SOURCES.at(-1)!)).length > 0) return;
  await on(ground, 'n1', `${MAKE}\n${listing('/srv')} >${ONCE}`);
  for (const source of SOURCES) {
    const { end, message } = await ended(
      await ground.startAs('backup', { cluster: withStore(ground), service: undefined, source }),
    );
    if (end !== 'succeeded') throw new Error(message);
  }
}

/** All of it is lost, something else lies in its place, and the service stands still: the balancer knows it. */
export async function struck(ground: Ground): Promise<void> {
  await filled(ground);
  await on(
    ground,
    'n1',
    `systemctl stop web; rm -rf /srv/*.aside-*
    for name in ${SOURCES.join(' ')}; do rm -rf /srv/$name/*; echo lost >/srv/$name/lost; done`,
  );
  for (const end = Date.now() + DOWN_WITHIN; ; await delay(50)) {
    if ((await rotation(ground))['n1']?.startsWith('DOWN ')) return;
    if (Date.now() > end) throw new Error('the balancer takes n1 for well');
  }
}

/** What must be as it was backed up, and what must have gone. */
async function judgeHosts(ground: Ground, expect: Expect): Promise<void> {
  expect('changed on n1', await on(ground, 'n1', `${listing('/srv')} | diff ${ONCE} - || true`), '');
  for (const host of ['n1', 'n2', KEEPER]) {
    expect(`left on ${host}`, await leftOn(ground, host), '');
    const staged = 'ls -A /var/lib/pawl/backups/restores 2>/dev/null; ls -d /srv/.*.restore-* 2>/dev/null';
    expect(`staged on ${host}`, await on(ground, host, `${staged}; true`), '');
  }
}

type Judge = (expect: Expect) => Promise<void>;

/** Exactly one more backup, and all that was backed up is in it. */
export async function seesBackup(ground: Ground): Promise<Judge> {
  const before = await catalogue(ground, 'shop');
  return async (expect) => {
    const fresh = (await catalogue(ground, 'shop')).filter(({ id }) => !before.some((one) => one.id === id));
    expect('new backups', fresh.length, 1);
    await judgeHosts(ground, expect);
    const [entry] = fresh;
    if (!entry) return;
    const files = await on(ground, KEEPER, restored(entry.snapshot));
    const wanted = await on(ground, 'n1', `grep shop ${ONCE}`);
    expect('what is in it', files, wanted);
  };
}

/** By restic itself, listed as on its host. */
const restored = (snapshot: string) => `work=$(mktemp -d); cd "$work"
  printf %s ${PASSWORDS.store} >password
  restic --no-lock --no-cache --quiet -r ${STORE}/shop/repository --password-file password restore ${snapshot} --target . >/dev/null
  cd srv && mkdir journal && ${listing('.')} | grep shop; rm -rf "$work"`;

/** Exactly one more proof. */
export async function seesDrill(ground: Ground): Promise<Judge> {
  const proofs = async () =>
    lines(await on(ground, KEEPER, `cat ${STORE}/shop/proofs/*.json 2>/dev/null || true`));
  const before = await proofs();
  return async (expect) => {
    const fresh = (await proofs()).filter((proof) => !before.includes(proof));
    expect('new proofs', fresh.length, 1);
    expect(`jobs of ${KEEPER}`, await jobsOn(ground, KEEPER), [{ end: 'success exited 0', begun: 1 }]);
    await judgeHosts(ground, expect);
  };
}

/** What came in the place of each lies aside, once. */
export async function seesRecovery(ground: Ground): Promise<Judge> {
  return async (expect) => {
    for (const name of SOURCES) {
      const script = `for aside in /srv/${name}.aside-*; do ls -A "$aside"; cat "$aside/lost"; done`;
      expect(`aside of ${name}`, await on(ground, 'n1', script), 'lost\nlost');
    }
    await judgeHosts(ground, expect);
  };
}
