import type { Looked, Recovered, RecoveryStep } from '../../../src/contracts/recovery';
import {
  aloneNotes,
  answersText,
  lostText,
  missingText,
  newlyOpen,
  recoveredText,
  stillDamaged,
} from '../../../src/domain/recovery/words';

const step = (lostSeconds?: number): Recovered => ({
  ...{ name: 'shop on db1', seconds: 5, how: 'restored', aside: [] },
  ...(lostSeconds !== undefined && { lostSeconds }),
});
const [begunAt, endedAt] = ['2026-01-01T02:00:00Z', '2026-01-01T02:04:00Z'];

it.each([
  [[step()], begunAt, '1 step in 4 min (RTO); nothing is lost'],
  [[step(), step(1_800), step(60)], begunAt, '3 steps in 4 min (RTO); at most 30 min are lost (RPO)'],
  [
    [step(0)],
    '2026-01-01T01:00:00Z',
    '1 step in 4 min, 1 h after the disaster (RTO); at most 0 s are lost (RPO)',
  ],
])('%#', (steps, since, says) => {
  expect(recoveredText({ since, begunAt, before: [], steps }, endedAt)).toBe(says);
});

it.each([
  [undefined, 'nothing is lost'],
  [1_800, 'what was written in the last 30 min before the disaster is lost'],
])('%s', (lostSeconds, says) => {
  expect(lostText({ ...(lostSeconds !== undefined && { lostSeconds }) })).toBe(says);
});

it.each([
  [
    { p95Ms: 12.3, othersMs: 11.4, slow: false },
    'web: 95 of 100 answers within 12 ms; 11 ms on hosts that were not damaged',
  ],
  [
    { p95Ms: 90, othersMs: 11, slow: true },
    'web: 95 of 100 answers within 90 ms; 11 ms on hosts that were not damaged, which is slower',
  ],
  [{ p95Ms: 12, othersMs: null, slow: false }, 'web: 95 of 100 answers within 12 ms'],
  [{ p95Ms: null, othersMs: 3, slow: false }, 'web: how long answers take could not be measured'],
])('%#', (answers, says) => expect(answersText({ service: 'web', ...answers })).toBe(says));

it('what is open to others and was not before is told', () => {
  const open = (host: string, ...found: string[]): Looked => ({
    ...{ host, level: 'configuration', subject: { kind: 'exposure' }, is: 'well', found },
  });
  const before = [open('n1', 'everybody may write /srv/a', 'listens on 22')];
  const after = [open('n1', 'everybody may write /srv/a', 'everybody may write /srv/b', 'listens on 22, 80')];
  expect(newlyOpen(before, [...after, open('n2', 'listens on 22')])).toEqual([
    open('n1', 'everybody may write /srv/b'),
  ]);
});

it('what is damaged, or cannot be looked at any more, is still damaged', () => {
  const of = (host: string, is: Looked['is']): Looked => ({
    ...{ host, level: 'application', subject: { kind: 'service', service: 'web' }, is, found: [] },
  });
  const before = [of('n1', 'well'), of('n2', 'unknown'), of('n3', 'damaged'), of('n4', 'damaged')];
  const after = [of('n1', 'unknown'), of('n2', 'unknown'), of('n3', 'damaged'), of('n4', 'well')];
  expect(stillDamaged(before, after).map(({ host }) => host)).toEqual(['n1', 'n3']);
});

it('says what can be done about packages that cannot be had', () => {
  const missing = ['a', 'b'].map((name) => ({ package: name, version: '1', why: 'no such version' }));
  expect(missingText(missing)).toBe(
    'a 1 (no such version), b 1 (no such version) cannot be had: put them into a repository of this host, or there as /var/lib/pawl/packages/a/1.deb, …',
  );
});

it('says who comes behind the others', () => {
  const step = (host: string): RecoveryStep => ({
    ...{ name: 'x', host, stage: 'system', kind: 'packages', packages: ['a'] },
  });
  const of = (host: string): RecoveryStep => ({ ...step(host), turn: 'services' });
  expect([
    aloneNotes([step('n1')]),
    aloneNotes([of('n2')]),
    aloneNotes([of('n2'), of('n3'), of('n2')]),
  ]).toEqual([
    [],
    ['n2 serves: it comes alone, behind those that serve nobody'],
    ['n2, n3 serve: they come one after the other, behind those that serve nobody'],
  ]);
});
