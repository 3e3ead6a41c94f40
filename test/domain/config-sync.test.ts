/** Which releases come by themselves, in histories that were made up. */
import fc from 'fast-check';
import { nextRelease, type HostSeen, type SyncSeen } from '../../src/domain/config/sync';

/** Each commit with those before it; a tag is named by its commit. */
type History = Record<string, string[]>;
const LINE: History = { a: [], b: ['a'], c: ['b'], d: ['c'], side: ['b'] };

const before = (history: History, one: string, other: string): boolean =>
  one === other || (history[other] ?? []).some((parent) => before(history, one, parent));
const asking = (history: History) => (one: string, other: string) =>
  Promise.resolve(before(history, one, other));
const released = (...commits: string[]) =>
  commits.map((commit) => ({ tag: `web/${commit}`, commit, revision: commit }));
const having = (...labels: (string | null | undefined)[]): HostSeen[] =>
  labels.map((label, index) => ({
    ...{ host: `n${index + 1}`, label },
    ...(label != null && label in LINE && { commit: label }),
  }));
const started = (commit: string, state = 'COMPLETED') => ({ tag: `web/${commit}`, commit, run: 'r', state });

it.each<{ what: string; seen: SyncSeen; says: string; start?: string }>([
  {
    what: 'no release',
    seen: { releases: [], hosts: having('a') },
    says: 'it has no release with a whole record',
  },
  {
    what: 'a release that some do not have',
    seen: { releases: released('b'), hosts: having('b', 'a') },
    ...{ says: 'web/b is started', start: 'b' },
  },
  {
    what: 'several, in whatever order',
    seen: { releases: released('c', 'b', 'd', 'a'), hosts: having('a') },
    ...{ says: 'web/d is started', start: 'd' },
  },
  {
    what: 'what all have',
    seen: { releases: released('c'), hosts: having('c', 'c') },
    says: 'every host has web/c',
  },
  {
    what: 'what comes before what one has',
    seen: { releases: released('b'), hosts: having('a', 'c') },
    says: 'web/b is not started: n2 has c, which does not come before it',
  },
  {
    what: 'what stands beside it',
    seen: { releases: released('side'), hosts: having('c') },
    says: 'web/side is not started: n1 has c, which does not come before it',
  },
  {
    what: 'hosts that have none, or what a change found',
    seen: { releases: released('b'), hosts: having(undefined, 'before-1') },
    ...{ says: 'web/b is started', start: 'b' },
  },
  {
    what: 'a host that has what nobody knows',
    seen: { releases: released('b'), hosts: having('a', 'ffffffffffff') },
    says: 'web/b is not started: what n2 has is not in the repository',
  },
  {
    what: 'a host that gives no answer',
    seen: { releases: released('b'), hosts: having('a', null) },
    says: 'web/b waits: n2 cannot be asked what it has',
  },
  {
    what: 'one that was started before, however it ended',
    seen: { releases: released('c', 'b'), hosts: having('a'), last: started('c', 'FAILED') },
    says: 'web/c was the last one: r (FAILED)',
  },
  {
    what: 'one before that, where the last one is gone',
    seen: { releases: released('b'), hosts: having('a'), last: started('c', 'FAILED') },
    says: 'web/c was the last one: r (FAILED)',
  },
  {
    what: 'one after the last one, which failed',
    seen: { releases: released('d', 'c'), hosts: having('a'), last: started('c', 'FAILED') },
    ...{ says: 'web/d is started', start: 'd' },
  },
  {
    what: 'one after the last one, which is at work',
    seen: { releases: released('d'), hosts: having('a'), last: started('c', 'RUNNING') },
    says: 'web/d waits: r is at work',
  },
])('$what', async ({ seen, says, start }) => {
  const verdict = await nextRelease(seen, asking(LINE));
  expect([verdict.says, verdict.start?.commit]).toEqual([says, start]);
});

/** A commit has one or two parents among those before it. */
const histories = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.boolean()), { minLength: 2, maxLength: 8 })
  .map((commits) =>
    Object.fromEntries(
      commits.map(([one, other, merges], index): [string, string[]] => {
        const parents = index === 0 ? [] : [`c${one % index}`, ...(merges ? [`c${other % index}`] : [])];
        return [`c${index}`, parents];
      }),
    ),
  );
/** What people and time do between two looks. */
const happenings = fc.array(
  fc.oneof(
    fc.record({ tag: fc.nat(), first: fc.boolean() }),
    fc.record({ untag: fc.nat() }),
    fc.record({ byHand: fc.nat(), host: fc.nat(2) }),
    fc.record({ fails: fc.boolean() }),
  ),
  { maxLength: 25 },
);

it('no order of tags, failures and hands makes it go back', async () => {
  await fc.assert(
    fc.asyncProperty(histories, happenings, async (history, happens) => {
      const commits = Object.keys(history);
      let tags: string[] = [];
      let last: SyncSeen['last'];
      const hosts: (string | undefined)[] = [undefined, undefined, undefined];
      for (const happening of happens) {
        const pick = (nth: number) => commits[nth % commits.length]!;
        if ('tag' in happening)
          tags = happening.first ? [pick(happening.tag), ...tags] : [...tags, pick(happening.tag)];
        else if ('untag' in happening) tags = tags.filter((tag) => tag !== pick(happening.untag));
        else if ('byHand' in happening) hosts[happening.host] = pick(happening.byHand);
        else {
          const seen = hosts.map((label, host) => ({
            host: `n${host}`,
            label,
            ...(label && { commit: label }),
          }));
          const releases = tags.map((commit) => ({ tag: commit, commit, revision: commit }));
          const { start } = await nextRelease({ releases, hosts: seen, last }, asking(history));
          if (!start) continue;
          for (const has of hosts) if (has) expect(before(history, has, start.commit)).toBe(true);
          if (last) expect(before(history, start.commit, last.commit)).toBe(false);
          last = { ...start, run: 'r', state: happening.fails ? 'FAILED' : 'COMPLETED' };
          if (!happening.fails) hosts.fill(start.commit);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
