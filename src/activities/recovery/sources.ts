/** What is backed up, beside the newest backup of it that can be restored. */
import { isDatabase, type BackupEntry, type Catalogue } from '../../contracts/backups';
import { parseFolders, parseGit, parseHeld, parseTables } from '../../adapters/recovery/said';
import { servesAt } from '../../domain/backups/catalogue';
import { byId, chainIn } from '../../domain/backups/chains';
import { isUncounted } from '../../domain/backups/parents';
import {
  judgeFolders,
  judgeGit,
  judgeTables,
  type Held,
  type Judged,
  type Known,
} from '../../domain/recovery/damage';
import { levelOf, MOST_PATHS } from '../../domain/recovery/limits';
import { forOneLook, keepForAccount, withLogin } from '../backups/secrets';
import type { Source } from '../backups/source';
import { sourceNamed } from '../backups/source';
import { readCatalogue } from '../backups/store';
import { mustBeWell } from '../backups/well';
import type { World } from '../world';
import { damaged, known, lastWords, readAs, unknown, type Look } from './look';

/** Seconds for a row of each table, for checking them, and for git. */
const READ_SECONDS = 120;
/** Milliseconds: a repository of millions of files is listed in minutes. */
const LIST_MS = 900_000;
const COMPARE_MS = 300_000;
const MOST_BYTES = 96 * 1024 * 1024;

/** Of what a look at a database, or at a repository, says with its exit code: it is not there. */
const GONE = [40, 41];

export type Catalogues = (source: Source) => Promise<Known<Catalogue>>;

/** The catalogue of each source is read once, however many hosts it has. */
export function openCatalogues(world: World, signal: AbortSignal): Catalogues {
  const read = new Map<string, Promise<Known<Catalogue>>>();
  return (source) => {
    const what = 'what it should have cannot be read';
    const found = read.get(source.name) ?? known(() => readCatalogue(world, source, signal), signal, what);
    read.set(source.name, found);
    return found;
  };
}

export function sourceOn(world: World, host: string, name: string, catalogues: Catalogues): Look {
  const source = sourceNamed(world, name);
  return {
    subject: { kind: 'source', source: name },
    withinMs: LIST_MS + COMPARE_MS,
    async work(signal) {
      const catalogue = await catalogues(source);
      return LOOKS[source.settings.kind]({ world, host, source, catalogue, signal });
    },
  };
}

interface Asked {
  world: World;
  host: string;
  source: Source;
  catalogue: Known<Catalogue>;
  signal: AbortSignal;
}

const LOOKS: Record<Source['settings']['kind'], (asked: Asked) => Promise<Judged>> = {
  mariadb: lookAtDatabase,
  mysql: lookAtDatabase,
  folders: lookAtFolders,
  git: lookAtRepository,
};

/** Of the newest good backup of this host; null: there is none. */
function newestOf({ host, catalogue }: Asked): Known<BackupEntry | null> {
  if (!('known' in catalogue)) return catalogue;
  const own = catalogue.known.entries.filter((entry) => entry.host === host);
  return { known: servesAt(own, Infinity).entry ?? null };
}

async function lookAtDatabase(asked: Asked): Promise<Judged> {
  const { world, host, source, signal } = asked;
  if (!isDatabase(source.settings)) return unknown('it is no database');
  const { kind, socket } = source.settings;
  const remote = world.hosts.on(host);
  const look = (file: string) => {
    const options = { signal, timeoutMs: (2 * READ_SECONDS + 90) * 1_000, maxOutputBytes: MOST_BYTES };
    return remote.run('look-tables', [kind, socket, file, String(READ_SECONDS)], options);
  };
  const ran = await withLogin(world, source, remote, signal, look);
  if (GONE.includes(ran.code)) return damaged(`does not answer: ${lastWords(ran)}`);
  if (ran.code !== 0) return unknown(lastWords(ran));
  return judgeTables(readAs(remote, ran, parseTables), tablesOf(asked));
}

/** Of the newest in its chain of which they are known: copies of files and of logs do not name them, but their last drill does. */
function tablesOf(asked: Asked): Known<string[] | null> {
  const newest = newestOf(asked);
  if (!('known' in newest)) return newest;
  if (!newest.known || !('known' in asked.catalogue)) return { known: null };
  const { entries, proofs } = asked.catalogue.known;
  const chain = chainIn(byId(entries), newest.known.id);
  if (typeof chain === 'string') return { known: null };
  const [tables] = chain.reverse().flatMap((entry) => {
    if (!isDatabase(entry.content)) return [];
    const said = isUncounted(entry) ? proofs[entry.id]?.tables : entry.content.tables;
    return said ? [said] : [];
  });
  return { known: tables?.map(({ name }) => name) ?? null };
}

async function lookAtFolders(asked: Asked): Promise<Judged> {
  const { world, host, source, signal } = asked;
  if (source.settings.kind !== 'folders') return unknown('these are no folders');
  const { folders } = source.settings;
  const remote = world.hosts.on(host);
  const newest = newestOf(asked);
  const held: Known<Held | null> =
    'known' in newest && newest.known
      ? await heldBy(world, source, newest.known, signal)
      : (newest as Known<null>);
  const files = ('known' in held && held.known?.files) || [];
  const stdin = files.map(({ path }) => `${path}\0`).join('');
  const options = { signal, stdin, timeoutMs: COMPARE_MS, maxOutputBytes: MOST_BYTES };
  const ran = await remote.run('look-folders', folders, options);
  if (ran.code !== 0) return unknown(lastWords(ran));
  const subject = { kind: 'source', source: source.name } as const;
  const level = levelOf(subject, { [source.name]: source.settings });
  return judgeFolders(readAs(remote, ran, parseFolders), held, level);
}

/** The files of a snapshot, by the store. */
function heldBy(world: World, source: Source, entry: BackupEntry, signal: AbortSignal): Promise<Known<Held>> {
  const { folder, account, host } = source.store;
  const remote = world.hosts.on(host);
  const list = async (id: string) => {
    await keepForAccount(world, source, id, signal);
    const args = [folder, account, source.name, id, entry.snapshot, String(MOST_PATHS)];
    const options = { signal, timeoutMs: LIST_MS, maxOutputBytes: MOST_BYTES };
    const ran = await remote.run('list-files', args, options);
    mustBeWell(remote, ran, `the files of ${entry.id} cannot be listed`);
    return readAs(remote, ran, parseHeld);
  };
  return known(
    () => forOneLook(remote, signal, `${source.name}.${entry.host}.files`, list),
    signal,
    'what it should have cannot be read',
  );
}

async function lookAtRepository(asked: Asked): Promise<Judged> {
  const { world, host, source, signal } = asked;
  if (source.settings.kind !== 'git') return unknown('it is no repository');
  const remote = world.hosts.on(host);
  const newest = newestOf(asked);
  const content = 'known' in newest ? newest.known?.content : undefined;
  const refs = content?.kind === 'git' ? content.refs : [];
  const stdin = refs.map(({ name, commit }) => `${commit} ${name}\n`).join('');
  const options = { signal, stdin, timeoutMs: (READ_SECONDS + 120) * 1_000 };
  const ran = await remote.run('look-git', [source.settings.repository, String(READ_SECONDS)], options);
  if (GONE.includes(ran.code)) return damaged(lastWords(ran));
  if (ran.code !== 0) return unknown(lastWords(ran));
  return judgeGit(
    readAs(remote, ran, parseGit),
    'known' in newest ? { known: content ? refs : null } : newest,
  );
}
