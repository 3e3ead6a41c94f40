import fc from 'fast-check';
import type { Account, Looked, Reading } from '../../src/contracts/certificate';
import type { HostState } from '../../src/contracts/status';
import { certificateOf, newAccount, probesIn, reckon, whileText } from '../../src/domain/certificate';
import { emptyHistogram, measured } from '../../src/domain/histogram';

const reading = (ended: number, lost = 0, more: Partial<Reading> = {}): Reading => ({
  generation: 'a',
  came: ended,
  ended,
  lost,
  repeated: 0,
  hosts: {},
  ...more,
});
const look = (is: Reading, balancer = 'edge'): Looked[] => [{ balancer, backend: 'web', known: true, is }];

/** One look after the other, ten seconds apart. */
function after(looks: Looked[][], states: Record<string, HostState> = {}): Account {
  return looks.reduce(
    (account, looked, nth) =>
      reckon(account, looked, {
        at: nth * 10_000,
        stateOf: (host) => states[host] ?? 'done',
        whatWent: 'between hosts',
      }),
    newAccount(0),
  );
}
const EDGE = { counts: ['edge'], blind: [] };
const text = (account: Account, of = EDGE) => certificateOf(account, of).text;

describe('what is counted', () => {
  it.each([
    {
      what: 'only what came since the first look',
      looks: [reading(5_000, 40), reading(5_900, 40)],
      is: '0 of 900 requests lost (counted at edge)',
    },
    {
      what: 'a loss, and the host and step that it belongs to',
      looks: [reading(100), reading(400, 12, { hosts: { n3: 12 } })],
      states: { n3: 'ramping' },
      is: '12 of 300 requests lost: 12 at n3 while it was put back (counted at edge)',
    },
    {
      what: 'what no server lost is the balancer’s own',
      looks: [reading(100), reading(400, 5, { hosts: { n3: 2 } })],
      states: { n3: 'draining' },
      is: '5 of 300 requests lost: 3 at edge itself between hosts, 2 at n3 while it was drained (counted at edge)',
    },
    {
      what: 'what a server lost and another made good is no loss of clients',
      looks: [reading(100), reading(400, 0, { hosts: { n3: 7 }, repeated: 7 })],
      is: '0 of 300 requests lost (counted at edge; 7 were sent again)',
    },
    {
      what: 'a server is ahead of its clients by a look',
      looks: [reading(100), reading(200, 0, { hosts: { n3: 1 } }), reading(300, 1, { hosts: { n3: 1 } })],
      states: { n3: 'checking' },
      is: '1 of 200 requests lost: 1 at n3 while it was out (counted at edge)',
    },
    {
      what: 'a reload in the middle begins at zero, and says for how long nothing was counted',
      looks: [reading(100, 3), reading(200, 5), reading(50, 1, { generation: 'b' })],
      is: '3 of 150 requests lost: 3 at edge itself between hosts (counted at edge); not in it: edge began to count anew, up to 10 s are missing',
    },
    {
      what: 'a reload that has counted more since than before',
      looks: [reading(100), reading(900, 0, { generation: 'b' })],
      is: '0 of 900 requests lost (counted at edge); not in it: edge began to count anew, up to 10 s are missing',
    },
    {
      what: 'so do counters that somebody cleared',
      looks: [reading(100, 3), reading(200, 3), reading(30, 2, { came: 30 })],
      is: '2 of 130 requests lost: 2 at edge itself between hosts (counted at edge); not in it: edge began to count anew, up to 10 s are missing',
    },
    {
      what: 'a figure that seems to fall by one while a request is in work',
      looks: [reading(100, 3), reading(200, 2, { came: 201 }), reading(300, 3)],
      is: '0 of 200 requests lost (counted at edge)',
    },
  ])('$what', ({ looks, states = {}, is }) => {
    expect(
      text(
        after(
          looks.map((one) => look(one)),
          states as Record<string, HostState>,
        ),
      ),
    ).toBe(is);
  });

  it('a balancer that gave no answer at last is not in it, and one that did again is', () => {
    const silent: Looked[] = [{ balancer: 'edge', backend: 'web', known: false, why: 'no answer' }];
    expect(text(after([look(reading(0)), look(reading(10)), silent]))).toBe(
      '0 of 10 requests lost (counted at edge); not in it: edge could not be read at last (no answer)',
    );
    expect(text(after([look(reading(0)), silent, look(reading(10))]))).toBe(
      '0 of 10 requests lost (counted at edge)',
    );
  });

  it('a balancer that never answered has counted nothing', () => {
    const silent: Looked[] = [{ balancer: 'edge', backend: 'web', known: false, why: 'no answer' }];
    expect(certificateOf(after([silent, silent]), EDGE)).toMatchObject({
      requests: null,
      lost: null,
      text: 'lost requests were not counted; not in it: edge could not be read at last (no answer)',
    });
  });

  it('a balancer that answers late is counted from then on', () => {
    const silent: Looked[] = [{ balancer: 'edge', backend: 'web', known: false, why: 'no answer' }];
    expect(text(after([silent, look(reading(500, 9)), look(reading(600, 9))]))).toBe(
      '0 of 100 requests lost (counted at edge); not in it: edge began to count anew, up to 10 s are missing',
    );
  });

  it('balancers are counted together', () => {
    const both = (east: Reading, west: Reading) => [...look(east, 'east'), ...look(west, 'west')];
    const account = after([
      both(reading(10), reading(0)),
      both(reading(30, 1, { hosts: { n1: 1 } }), reading(50, 2, { hosts: { n1: 2 } })),
    ]);
    expect(certificateOf(account, { counts: ['east', 'west'], blind: ['inner'] })).toMatchObject({
      requests: 70,
      lost: 3,
      where: [{ at: 'n1', while: 'while it was through with its change', lost: 3 }],
      uncounted: { inner: 'counts no requests' },
    });
  });

  it('where no balancer counts, nothing is claimed', () => {
    const account = newAccount(0);
    account.probes = { asked: 1_200, failed: 2 };
    expect(certificateOf(account, { counts: [], blind: ['inner'] })).toMatchObject({
      requests: null,
      lost: null,
      text: 'lost requests were not counted; not in it: inner counts no requests; own probes: 2 of 1,200 without a good answer',
    });
  });
});

it('never counts twice, loses a count, or forgets one over a carried state', () => {
  const step = fc.record({
    ended: fc.nat(50),
    lost: fc.nat(20),
    reloaded: fc.boolean(),
    again: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let [generation, ended, lost] = [0, 7, 2];
      let counted = { ended: 0, lost: 0 };
      const now = () => look(reading(ended, lost, { generation: `${generation}`, hosts: { n1: lost } }));
      const meanwhile = { at: 0, stateOf: () => 'done' as const, whatWent: '' };
      let account = reckon(newAccount(0), now(), meanwhile);
      for (const one of steps) {
        if (one.reloaded) [generation, ended, lost] = [generation + 1, 0, 0];
        const more = { ended: one.ended, lost: Math.min(one.ended, one.lost) };
        [ended, lost] = [ended + more.ended, lost + more.lost];
        counted = { ended: counted.ended + more.ended, lost: counted.lost + more.lost };
        account = JSON.parse(JSON.stringify(reckon(account, now(), meanwhile))) as Account;
        if (one.again) account = reckon(account, now(), meanwhile);
      }
      expect(account.counted).toMatchObject(counted);
      expect(account.where.reduce((sum, place) => sum + place.lost, 0)).toBe(counted.lost);
    }),
  );
});

it('names fifty places, and puts a thousand together', () => {
  const hosts = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [`n${nth}`, 1]));
  const { where, text } = certificateOf(
    after([look(reading(0)), look(reading(9_000, 1_000, { hosts }))]),
    EDGE,
  );
  expect(where).toHaveLength(51);
  expect(where[0]).toMatchObject({ at: 'other hosts', lost: 950 });
  expect(text).toContain('46 elsewhere');
});

it('says what was done to a host', () => {
  expect(whileText('ramping', 'n2')).toBe('while n2 was put back');
  expect(whileText('unreachable')).toBe('while it was unreachable');
});

describe('own probes', () => {
  const tally = { begunAt: 0, servers: {}, usage: {}, outside: {} };

  it('are requests where they stand for them', () => {
    const asked = { n1: { answers: 10, serverErrors: 2, failures: 1 } };
    const probes = { changed: emptyHistogram(), others: emptyHistogram() };
    expect(probesIn({ ...tally, probes, asked })).toEqual({ asked: 11, failed: 3 });
  });

  it('fail elsewhere when there is no answer', () => {
    const probes = { changed: emptyHistogram(), others: emptyHistogram() };
    for (const ms of [5, 7, Infinity]) measured(probes.changed, ms);
    measured(probes.others, 5);
    expect(probesIn({ ...tally, probes })).toEqual({ asked: 4, failed: 1 });
  });
});
