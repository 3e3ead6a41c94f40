import type { BackupEntry, Catalogue, Keep, Proof } from '../../../src/contracts/backups';
import { newKeys } from '../../../src/domain/config/drift-memory';
import { overdue } from '../../../src/domain/backups/overdue';
import { before, DAY, HOUR, NOW } from './entries';

type Some = Partial<BackupEntry> & { hours: number };

const stamp = (at: string) => at.replace(/\.\d+Z$/, 'Z').replace(/[-:]/g, '');
function backup({ hours, host = 'db1', ...more }: Some): BackupEntry {
  const at = before(hours * HOUR);
  return {
    ...{ format: 1, id: `shop.${host}.${stamp(at)}`, source: 'shop', host, kind: 'full', parent: null, at },
    ...{ seconds: 60, bytes: 1_000, stored: 100, snapshot: '0'.repeat(64), sha256: null, run: 'backup-1' },
    ...{ content: { kind: 'folders', folders: ['/srv'], files: 1 }, ...more },
  };
}

/** Of a backup that was so old, so many days ago. */
const proof = (daysAgo: number, host = 'db1'): Proof => ({
  ...{ format: 1, seconds: 60, run: 'drill-1', at: before(daysAgo * DAY) },
  id: `shop.${host}.${stamp(before(daysAgo * DAY + HOUR))}`,
});

function catalogue(entries: Some[], proofs: Proof[] = []): Catalogue {
  return {
    source: 'shop',
    entries: entries.map(backup),
    proofs: Object.fromEntries(proofs.map((one) => [one.id, one])),
  };
}

const KEEP: Keep = { days: 7, weeks: 4, months: 12, years: 0 };
const limits = (hosts = ['db1'], keep = KEEP) => ({ overdueHours: 26, provenDays: 8, hosts, keep });
const lost = { kind: 'incremental', parent: 'shop.db1.lost' } as const;

it.each<{ what: string; entries: Some[]; proofs?: Proof[]; hosts?: string[]; texts: string[] }>([
  { what: 'all is well', entries: [{ hours: 10 }, { hours: 300 }], proofs: [proof(3)], texts: [] },
  { what: 'it began yesterday', entries: [{ hours: 26 }], texts: [] },
  {
    what: 'there is none',
    entries: [{ hours: 10, host: 'db2' }],
    texts: ['there is no backup of shop on db1'],
  },
  {
    what: 'none can be restored',
    entries: [{ hours: 10, ...lost }],
    texts: [
      'there is no backup of shop on db1 that can be restored: shop.db1.20261129T020000Z cannot be restored: shop.db1.lost, which shop.db1.20261129T020000Z builds on, is not in the catalogue',
    ],
  },
  {
    what: 'the newest is old',
    entries: [{ hours: 27 }],
    texts: ['the newest backup of shop on db1 is 27 h old, and another one was due after 26 h'],
  },
  {
    what: 'newer ones cannot be restored',
    entries: [{ hours: 10, ...lost }, { hours: 72 }],
    texts: [
      'the newest backup of shop on db1 that can be restored is 3 d old, and another one was due after 26 h: shop.db1.20261129T020000Z cannot be restored: shop.db1.lost, which shop.db1.20261129T020000Z builds on, is not in the catalogue',
    ],
  },
  {
    what: 'a clock is far ahead',
    entries: [{ hours: -10 }, { hours: 30 }],
    texts: [
      'the newest backup of shop on db1 that can be restored is 30 h old, and another one was due after 26 h: shop.db1.20261129T220000Z is dated in the future',
    ],
  },
  { what: 'a clock is a little ahead', entries: [{ hours: -0.5 }], texts: [] },
  {
    what: 'no drill ever, in more than a week',
    entries: [{ hours: 10 }, { hours: 9 * 24 }],
    texts: ['no backup of shop on db1 was ever restored as a drill, and the oldest is 9 d old'],
  },
  {
    what: 'the last drill was long ago',
    entries: [{ hours: 10 }],
    proofs: [proof(9), proof(30)],
    texts: ['a backup of shop on db1 was last restored as a drill 9 d ago, and a drill was due after 8 d'],
  },
  {
    what: 'a drill of a backup that has gone since',
    entries: [{ hours: 10 }, { hours: 400 }],
    proofs: [proof(7)],
    texts: [],
  },
  {
    what: 'a drill that is dated in the future proves nothing',
    entries: [{ hours: 10 }],
    proofs: [proof(-400), proof(9)],
    texts: ['a backup of shop on db1 was last restored as a drill 9 d ago, and a drill was due after 8 d'],
  },
  {
    what: 'drills of others prove nothing',
    entries: [{ hours: 10 }, { hours: 400 }],
    proofs: [proof(1, 'db1.example'), proof(1, 'db2')],
    texts: ['no backup of shop on db1 was ever restored as a drill, and the oldest is 16 d old'],
  },
  {
    what: 'each host by itself',
    entries: [{ hours: 10 }, { hours: 30, host: 'db2' }],
    hosts: ['db1', 'db2', 'db3'],
    texts: [
      'the newest backup of shop on db2 is 30 h old, and another one was due after 26 h',
      'there is no backup of shop on db3',
    ],
  },
  {
    what: 'two things of one host',
    entries: [{ hours: 400 }],
    texts: [
      'the newest backup of shop on db1 is 16 d old, and another one was due after 26 h',
      'no backup of shop on db1 was ever restored as a drill, and the oldest is 16 d old',
    ],
  },
])('$what', ({ entries, proofs, hosts, texts }) => {
  expect(overdue(catalogue(entries, proofs), limits(hosts), NOW).map(({ text }) => text)).toEqual(texts);
});

describe('where old ones go before a drill is due', () => {
  const short = { ...KEEP, weeks: 2, months: 1 };
  it.each<{ days: number; hours: number; proofs?: Proof[]; texts: string[] }>([
    {
      ...{ days: 7, hours: 6.5 * 24 },
      texts: [
        'no backup of shop on db1 was ever restored as a drill, and the oldest is 6 d old, and older ones go',
      ],
    },
    { days: 7, hours: 5 * 24, texts: [] },
    // a proof outlives its backup
    { days: 7, hours: 6.5 * 24, proofs: [proof(7)], texts: [] },
    { days: 9, hours: 7.9 * 24, texts: [] },
  ])('kept for $days days, the oldest is $hours h old', ({ days, hours, proofs, texts }) => {
    const of = catalogue([{ hours: 10 }, { hours }], proofs);
    const found = overdue(of, limits(['db1'], { ...short, days }), NOW);
    expect(found.map(({ text }) => text)).toEqual(texts);
  });
});

describe('is told once', () => {
  const keys = (of: Catalogue, now = NOW) => ({ db1: overdue(of, limits(), now).map(({ key }) => key) });
  it.each<{ what: string; then: Catalogue; now: Catalogue; fresh: number }>([
    { what: 'nothing there yet', then: catalogue([]), now: catalogue([]), fresh: 0 },
    {
      what: 'a late one that gets later',
      then: catalogue([{ hours: 30 }]),
      now: catalogue([{ hours: 30 }]),
      fresh: 0,
    },
    {
      what: 'another late one: one had come meanwhile',
      then: catalogue([{ hours: 60 }]),
      now: catalogue([{ hours: 60 }, { hours: 30 }]),
      fresh: 1,
    },
    {
      what: 'broken ones come, night after night',
      then: catalogue([{ hours: 34, ...lost }]),
      now: catalogue([
        { hours: 34, ...lost },
        { hours: 10, ...lost },
      ]),
      fresh: 0,
    },
    {
      what: 'drills that stopped again',
      then: catalogue([{ hours: 10 }], [proof(30)]),
      now: catalogue([{ hours: 10 }], [proof(30), proof(12)]),
      fresh: 1,
    },
  ])('$what → $fresh new', ({ then, now, fresh }) => {
    expect(newKeys(keys(now, NOW + 5 * HOUR), keys(then)).db1 ?? []).toHaveLength(fresh);
  });

  it('and by another key at each host and of each kind', () => {
    const all = overdue(
      catalogue([{ hours: 400 }, { hours: 400, host: 'db2' }]),
      limits(['db1', 'db2', 'db3']),
      NOW,
    );
    expect(all).toHaveLength(5);
    expect(new Set(all.map(({ key }) => key)).size).toBe(5);
  });
});
