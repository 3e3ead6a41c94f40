/** A source of backups with two hosts, and a store that takes everything unless there is trouble. */
import type { Activities } from '../../src/activities';
import type { OwnLogs, PlannedBackup, PlannedDrill, RestoreRun } from '../../src/contracts/backup-run';
import type { PlannedNotifications } from '../../src/contracts/notifications';

/** What it needs of a cluster. */
interface BackedUp {
  notifications?: PlannedNotifications;
  backups: PlannedBackup[];
  silences: string[][];
  stale: string[][];
  wrong: string[];
  /** ids of backups that are not what they say */
  spoilt: string[];
  /** what a server's own binary logs bring */
  ownLogs: OwnLogs | undefined;
  journal: string[];
  trouble: Record<string, (() => void | Promise<void>) | undefined>;
  step(name: string, host: string): Promise<void>;
}

export function backupPlan(more: Partial<PlannedBackup> = {}): PlannedBackup {
  return {
    ...{ cluster: 'test', file: 'cluster.yaml', source: 'shop-data' },
    hosts: ['db1', 'db2'].map((name) => ({ name, bytes: 1_000_000, kind: 'full', parent: null })),
    ...{ attempts: 2, pauseSeconds: 60, maxSeconds: 3_600 },
    keep: { days: 7, weeks: 4, months: 12, years: 0 },
    ...{ trouble: [], dryRun: false, notes: [] },
    ...more,
  };
}

const DRILL: PlannedDrill = {
  ...{ cluster: 'test', file: 'cluster.yaml', source: 'shop-data', host: 'db1' },
  ...{ id: 'shop-data.db1.20260101T020000Z', at: '2026-01-01T02:00:00Z', maxSeconds: 3_600, dryRun: false },
};

const RESTORE: RestoreRun = {
  ...{ cluster: 'test', file: 'cluster.yaml', source: 'shop-data', host: 'db1', on: 'db2' },
  ...{ backup: DRILL.id, place: { folder: '/var/lib/pawl-restored/shop-data-20260101T020000Z' } },
  ...{ at: DRILL.at, bytes: 1_000_000, needed: 3_000_000, targets: [], units: [], maxSeconds: 3_600 },
  ...{ notTaken: ['shop-data.db1.20260102T020000Z is too new'], dryRun: false },
};

export function backupActivities(
  cluster: BackedUp,
): Pick<
  Activities,
  | 'planBackup'
  | 'openStore'
  | 'takeBackup'
  | 'readBack'
  | 'publishBackup'
  | 'clearBackup'
  | 'thinBackups'
  | 'lookAtBackups'
  | 'findStale'
  | 'planDrill'
  | 'drillBackup'
  | 'judgeDrill'
  | 'clearDrill'
  | 'planRestore'
  | 'stageRestore'
  | 'judgeStaged'
  | 'swapIn'
  | 'swapped'
  | 'clearRestore'
> {
  const told = () => (cluster.notifications ? { notifications: cluster.notifications } : {});
  const dry = (raw: unknown) => ((raw as { dryRun?: boolean }).dryRun ? { dryRun: true } : {});
  const goesOn = new Set<string>();
  /** At first it says how far it is. */
  const inTwoLooks = async (name: string, host: string, id: string) => {
    if (!goesOn.has(`${name} ${id}`)) {
      goesOn.add(`${name} ${id}`);
      return { ended: false as const, says: '500000 50' };
    }
    await cluster.step(name, host);
    return { ended: true as const };
  };
  return {
    planBackup: async (raw) => {
      await cluster.trouble['plan']?.();
      const plan = cluster.backups.length > 1 ? cluster.backups.shift()! : cluster.backups[0]!;
      return { ...plan, ...told(), ...dry(raw) };
    },
    openStore: ({ host }) => cluster.step('openStore', host),
    takeBackup: ({ host, id, parent }) => {
      if (!goesOn.has(`takeBackup ${id}`)) cluster.journal.push(`from ${host} ${parent?.toLsn ?? '-'}`);
      return inTwoLooks('takeBackup', host, id);
    },
    readBack: ({ host, id }) => inTwoLooks('readBack', host, id),
    publishBackup: async ({ host, kind, parent }) => {
      await cluster.step('publishBackup', host);
      cluster.journal.push(`published ${host} ${kind} ${parent ?? '-'}`);
      return { bytes: 1_000_000, stored: 1_000, at: '2026-01-01T02:00:00Z', tables: 3 };
    },
    clearBackup: ({ host, id }) =>
      cluster.step(id.startsWith('thin.') ? 'clear after thin' : 'clearBackup', host),
    thinBackups: async ({ hosts }) => {
      await cluster.step('thinBackups', hosts.join('+'));
      return { went: ['shop-data.db1.old'] };
    },
    lookAtBackups: async () => {
      await cluster.trouble['look']?.();
      const silences = cluster.silences.length > 1 ? cluster.silences.shift()! : (cluster.silences[0] ?? []);
      const findings = silences.map((key) => ({ key, text: `there is ${key}` }));
      const unread = silences.includes('unread') ? { unread: 'the store is away' } : {};
      return {
        ...{ cluster: 'test', file: 'cluster.yaml' },
        sources: [{ source: 'shop-data', entries: [], more: 0, findings, ...unread, ...told() }],
      };
    },
    findStale: async ({ source }) => {
      await cluster.trouble[`stale ${source}`]?.();
      cluster.journal.push(`look for ${source}`);
      return cluster.stale.shift() ?? [];
    },
    planDrill: async (raw) => {
      await cluster.trouble['plan']?.();
      return { ...DRILL, ...told(), ...dry(raw) };
    },
    drillBackup: ({ id }) => inTwoLooks('drillBackup', 'db1', id),
    judgeDrill: async () => {
      await cluster.step('judgeDrill', 'db1');
      return { seconds: 90, compared: '3 tables', wrong: cluster.wrong };
    },
    clearDrill: () => cluster.step('clearDrill', 'db1'),
    planRestore: async (raw) => {
      await cluster.trouble['plan']?.();
      return { ...RESTORE, ...told(), ...dry(raw) };
    },
    stageRestore: ({ on, id }) => inTwoLooks('stageRestore', on, id),
    judgeStaged: async ({ on, place, backup }) => {
      await cluster.step('judgeStaged', on);
      const places = [place === 'inPlace' ? '/var/lib/mysql' : place.folder];
      const wrong = cluster.spoilt.includes(backup) ? ['shop.orders has 1 row, not 2'] : cluster.wrong;
      return { seconds: 90, compared: '3 tables', wrong, places, use: 'mariadbd on it' };
    },
    swapIn: ({ on, id }) => inTwoLooks('swapIn', on, `swap ${id}`),
    swapped: async ({ on, ownLogs }) => {
      await cluster.step('swapped', on);
      const own = ownLogs && cluster.ownLogs ? { own: cluster.ownLogs } : {};
      return { aside: ['/var/lib/mysql.aside-4711'], seconds: 3, ...own };
    },
    clearRestore: ({ on }) => cluster.step('clearRestore', on),
  };
}
