import type { BackupEntry } from '../../../src/contracts/backups';
import { freshness } from '../../../src/domain/backups/fresh';
import { before, NOW } from './entries';

const MINUTE = 60_000;
const backup = (id: string, minutes: number, more: Partial<BackupEntry> = {}): BackupEntry => ({
  ...{ format: 1, id, source: 'shop', host: 'db1', kind: 'full', parent: null, at: before(minutes * MINUTE) },
  ...{ seconds: 60, bytes: 1_000, stored: 100, snapshot: '0'.repeat(64), sha256: null, run: 'backup-1' },
  ...{ content: { kind: 'folders', folders: ['/srv'], files: 1 }, ...more },
});
const lost = { kind: 'incremental', parent: 'lost' } as const;

it.each<{ what: string; entries: BackupEntry[]; fresh: boolean; text: string }>([
  {
    ...{ what: 'young enough, to the minute', entries: [backup('a', 60), backup('b', 300)], fresh: true },
    text: 'the newest backup of shop on db1 is 1 h old',
  },
  {
    ...{ what: 'too old', entries: [backup('a', 61)], fresh: false },
    text: 'the newest backup of shop on db1 is 1 h old',
  },
  { what: 'none', entries: [], fresh: false, text: 'there is no backup of shop on db1' },
  {
    ...{ what: 'of another host', entries: [backup('a', 5, { host: 'db2' })], fresh: false },
    text: 'there is no backup of shop on db1',
  },
  {
    ...{ what: 'a young one that cannot be restored', entries: [backup('a', 5, lost), backup('b', 120)] },
    fresh: false,
    text: 'the newest backup of shop on db1 that can be restored is 2 h old: a cannot be restored: lost, which a builds on, is not in the catalogue',
  },
  {
    ...{ what: 'one of a clock that is a little ahead', entries: [backup('a', -5)], fresh: true },
    text: 'the newest backup of shop on db1 is 0 s old',
  },
  {
    ...{ what: 'one that is dated in the future', entries: [backup('a', -120)], fresh: false },
    text: 'there is no backup of shop on db1 that can be restored: a is dated in the future',
  },
])('$what', ({ entries, fresh, text }) => {
  const found = freshness({ source: 'shop', entries }, { hosts: ['db1'], maxAgeMinutes: 60 }, NOW);
  expect(found).toEqual([{ fresh, text }]);
});

it('each host needs one of its own', () => {
  const catalogue = { source: 'shop', entries: [backup('a', 5), backup('b', 500, { host: 'db2' })] };
  const found = freshness(catalogue, { hosts: ['db1', 'db2', 'db3'], maxAgeMinutes: 60 }, NOW);
  expect(found.map(({ fresh }) => fresh)).toEqual([true, false, false]);
});
