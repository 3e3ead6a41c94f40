/** A cluster with backups in memory: what the catalogues of its store say, and its hosts of themselves. */
import type { World } from '../../src/activities/world';
import type { BackupEntry } from '../../src/contracts/backups';
import { Cluster } from '../../src/contracts/cluster';
import type { Ran } from '../../src/contracts/world';

process.env['BACKUP_STORE_PASSWORD'] = 'x';

export const FILE = {
  cluster: 'fake',
  hosts: {
    db1: { roles: ['database'] },
    n1: { roles: ['app'] },
    n2: { roles: ['app'] },
    bk1: { roles: ['backup'] },
  },
  balancers: {},
  services: {},
  backups: {
    store: { host: 'bk1', password: 'env:BACKUP_STORE_PASSWORD' },
    sources: {
      data: { kind: 'mariadb', method: 'physical', host: 'db1', maxHours: 1 },
      web: {
        ...{ kind: 'folders', role: 'app', folders: ['/opt/web', '/etc'], units: ['web.service'] },
        level: 'application',
      },
    },
  },
};

/** `data.db1 02:00` → `data.db1.20261129T020000000Z` */
export function idOf(line: string): string {
  const [of = '', time = ''] = line.split(' ');
  return `${of}.20261129T${time.replace(':', '')}00000Z`;
}

/** `data.db1 02:00`, `data.db1 03:00 on 02:00`, `web.n1 02:00` */
export function entryOf(line: string): BackupEntry {
  const [of = '', time = '', , parent] = line.split(' ');
  const [source = '', host = ''] = of.split('.');
  return {
    ...{ format: 1, id: idOf(line), source, host, at: `2026-11-29T${time}:00Z`, seconds: 9 },
    ...{ kind: parent ? 'incremental' : 'full', parent: parent ? idOf(`${of} ${parent}`) : null },
    ...{ bytes: 1_000_000, stored: 1, run: 'r', snapshot: 'aaaaaaaa', sha256: null },
    content:
      source === 'data'
        ? {
            ...{ kind: 'mariadb', server: '10.11.18-MariaDB', position: null, tables: [], uncovered: [] },
            physical: { fromLsn: '0', toLsn: '1', lastLsn: '2', birth: 'b' },
          }
        : { kind: 'folders', folders: ['/opt/web', '/opt/web/deep', '/etc'], files: 3 },
  };
}

/** What `look-restore` says of a host that can take anything. */
export const ROOMY = ['version 10.11.18-MariaDB', 'target /var/lib/mysql', 'free 8 900000000'];

export interface Said {
  /** of the cluster file; null: none */
  file?: object;
  entries?: readonly string[];
  /** what `look-restore` says */
  looks?: readonly string[];
  /** what other programs of hosts say; default: nothing, and end well */
  says?: (script: string, host: string) => Partial<Ran> | undefined;
}

/** `asked`: host, program and arguments of all that was run. */
export function backupStore({ file = FILE, entries = [], looks = ROOMY, says }: Said = {}): World & {
  asked: string[][];
} {
  const asked: string[][] = [];
  const lines = (script: string, args: readonly string[]): readonly string[] => {
    if (script === 'look-restore') return looks;
    if (script !== 'read-catalogue') return [];
    const own = entries.map(entryOf).filter(({ source }) => args.includes(source));
    return own.map((one) => `catalogue ${JSON.stringify(one)}`);
  };
  const on = (name: string) => ({
    name,
    run: (script: string, args: readonly string[]) => {
      asked.push([name, script, ...args]);
      const stdout = `${lines(script, args).join('\n')}\n`;
      return Promise.resolve({ code: 0, stdout, stderr: '', truncated: false, ...says?.(script, name) });
    },
  });
  return { cluster: Cluster.parse(file), folder: '/', hosts: { on }, asked } as unknown as World & {
    asked: string[][];
  };
}
