/** A database to be backed up, a store, and a worker that does it. */
import { readFile, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { exec } from '../../lab/hosts';
import { root } from '../../lab/paths';
import { Stand } from '../stand';

/** Bytes of a row's text; nobody can make it much shorter. */
const RANDOM = 768;
/** Bytes that such a row takes in a dump, about. */
const ROW = 1_060;
const TABLES = 8;
/** Rows of one transaction. */
const CHUNK = 20_000;
const HOUR = 3_600_000;
/** The data itself, two repositories side by side, and what a machine needs besides. */
const ROOM = 4;

const PASSWORD = 'store-password';

interface ClusterFile {
  hosts: object;
  backups: { store: object; sources: Record<string, object> };
}

/** @param gigabytes that there will be at most */
export async function bringUp(gigabytes: number): Promise<Stand> {
  const { bavail, bsize } = await statfs(root);
  const free = (bavail * bsize) / 1e9;
  if (free < ROOM * gigabytes)
    throw new Error(`${Math.floor(free)} GB are free, and ${ROOM * gigabytes} may be needed: ask for fewer`);
  const stand = await Stand.up({ hosts: 1, database: true, backup: true });
  const folder = dirname(stand.cluster);
  await writeFile(join(folder, PASSWORD), 'of the benchmark');
  const file = parse(await readFile(stand.cluster, 'utf8')) as ClusterFile;
  Object.assign(file.hosts, { db1: { roles: ['database'] }, bk1: { roles: ['backup'] } });
  file.backups = {
    store: { host: 'bk1', password: `file:${PASSWORD}` },
    sources: Object.fromEntries(
      ['counted', 'summed'].map((name) => [
        name,
        { kind: 'mariadb', host: 'db1', checksums: name === 'summed' },
      ]),
    ),
  };
  await writeFile(stand.cluster, stringify(file));
  const tables = Array.from(
    { length: TABLES },
    (_, n) => `CREATE TABLE t${n} (id INT PRIMARY KEY AUTO_INCREMENT, what TEXT NOT NULL) ENGINE=InnoDB;`,
  );
  await sql(
    stand,
    `SET GLOBAL innodb_flush_log_at_trx_commit = 0; CREATE DATABASE bench; USE bench; ${tables.join('')}`,
  );
  return stand;
}

/** Adds rows that neither compress nor repeat, on two connections. */
export async function fill(stand: Stand, gigabytes: number): Promise<void> {
  const chunks = Math.ceil((gigabytes * 1e9) / ROW / CHUNK);
  let next = 0;
  const one = async () => {
    while (next < chunks) {
      const table = `t${next++ % TABLES}`;
      const text = `REPLACE(TO_BASE64(RANDOM_BYTES(${RANDOM})), '\\n', '')`;
      await sql(stand, `USE bench; INSERT INTO ${table} (what) SELECT ${text} FROM seq_1_to_${CHUNK}`);
    }
  };
  await Promise.all([one(), one()]);
}

/** Runs a shell's command on a host by the lab's own hand, however long it takes. */
export async function on(stand: Stand, host: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await exec(stand.lab.name, host, ['bash', '-c', command], {
    timeoutMs: HOUR,
  });
  if (code !== 0) throw new Error(`${command} on ${host} ended with ${code}: ${stderr.slice(-500)}`);
  return stdout.trim();
}

const sql = (stand: Stand, text: string) => on(stand, 'db1', `mariadb --execute ${quoted(text)}`);

export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
