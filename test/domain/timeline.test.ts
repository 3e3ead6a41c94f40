import { newStatus } from '../../src/domain/new-status';
import { happened, hostText } from '../../src/domain/timeline';
import { timelineLines } from '../../src/render/timeline';

const status = () =>
  newStatus({ workflow: 'rollingUpgrade', id: 'u', startedAt: '2026-11-28T12:00:00.000Z' });

it('keeps how it began and how it ended', () => {
  const long = status();
  for (let index = 0; index < 500; index += 1) happened(long, '2026-11-28T12:00:01.000Z', String(index));
  const kept = long.timeline!.map(({ what }) => Number(what));
  expect(kept).toHaveLength(200);
  expect([kept[0], kept[19], kept[20], kept[199]]).toEqual([0, 19, 320, 499]);
});

const host = { name: 'n1', version: '1', state: 'checking' as const, balancers: {} };
it.each([
  { facts: { state: 'done' as const }, is: 'n1: done, runs 1' },
  { facts: { state: 'failed' as const, note: 'no answer' }, is: 'n1: failed, runs 1, no answer' },
  { facts: { state: 'ramping' as const }, is: undefined },
  { facts: { note: 'slow' }, is: undefined },
])('a host that becomes $facts', ({ facts, is }) => expect(hostText(host, facts)).toBe(is));

it('is shown in lines, with seconds since the beginning', () => {
  const one = status();
  happened(one, '2026-11-28T12:01:05.400Z', 'running: batch 1\nof 3');
  expect(timelineLines(one)).toEqual(['2026-11-28 12:01:05Z     +65 s  running: batch 1 of 3']);
  expect(timelineLines(status())[0]).toContain('no timeline');
});
