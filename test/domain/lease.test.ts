import fc from 'fast-check';
import type { Claim, Held, LeaseAsk, RunEnd } from '../../src/contracts/lease';
import type { Act, LeaseMessage, LeaseState } from '../../src/domain/lease';
import {
  adopt,
  clash,
  covers,
  inOrder,
  isIdle,
  LONGEST_LINE,
  newLease,
  nextDeadline,
  settle,
  take,
  YIELD_WITHIN,
} from '../../src/domain/lease';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const empty = (epoch = 0) =>
  newLease({ cluster: 'lab', file: 'lab.yaml', epoch, leftovers: [], startedAt: '2026-01-01T00:00:00Z' });
const host = (name: string): Claim => ({ name: `host ${name}`, mode: 'exclusive' });
const shared = (name: string): Claim => ({ name: `balancer ${name}`, mode: 'shared' });

/** `a n1 n2`: change `a` wants two hosts and shares the balancer; `a!` is an emergency. */
function ask(text: string, same: string[] = []): LeaseAsk {
  const [id = '', ...hosts] = text.split(' ');
  const rank = id.endsWith('!') ? 'emergency' : 'usual';
  return {
    id,
    change: `${id}/1`,
    what: `web for ${id}`,
    rank,
    claims: [...hosts.map(host), shared('edge')],
    same,
  };
}

const ended = (id: string, more: Partial<RunEnd> = {}): LeaseMessage => ({
  name: 'ended',
  change: `${id}/1`,
  end: { how: 'ended', why: 'completed', leftToDo: [], ...more },
});

/** Takes messages in, one round for each, and tells in words what is done. */
function play(state: LeaseState, messages: readonly (LeaseAsk | LeaseMessage | 'later')[]): string[][] {
  let now = NOW;
  return messages.map((message) => {
    now += message === 'later' ? YIELD_WITHIN : 1;
    const taken =
      message === 'later'
        ? []
        : take(state, 'name' in message ? message : { name: 'ask', ask: message }, now);
    return [...taken, ...settle(state, now)].map(words);
  });
}

function words(act: Act): string {
  switch (act.act) {
    case 'grant':
      return `grant ${act.to.id}${act.leftovers.map((text) => ` (${text})`).join('')}`;
    case 'tell': {
      const { place, of, holders, ahead } = act.line;
      const names = (list: { id: string }[]) => list.map(({ id }) => id).join(',') || '-';
      return `tell ${act.to.id} ${place}/${of} held by ${names(holders)} behind ${names(ahead)}`;
    }
    case 'refuse':
      return `refuse ${act.to.id}: ${act.why} ${act.by}`;
    case 'yield':
      return `${act.from.id} must yield to ${act.by}`;
    case 'evict':
      return `${act.from.id} lost its lease to ${act.by}`;
    case 'repair':
      return `repair after ${act.after.id}`;
  }
}

describe('the lease', () => {
  it.each<{ what: string; messages: (LeaseAsk | LeaseMessage | 'later')[]; acts: string[][] }>([
    { what: 'grants what is free at once', messages: [ask('a n1 n2')], acts: [['grant a']] },
    {
      what: 'grants disjoint hosts side by side, the balancer being shared',
      messages: [ask('a n1'), ask('b n2')],
      acts: [['grant a'], ['grant b']],
    },
    {
      what: 'lets the second wait, and says for whom',
      messages: [ask('a n1 n2'), ask('b n2 n3'), ended('a')],
      acts: [['grant a'], ['tell b 1/1 held by a behind -'], ['grant b']],
    },
    {
      what: 'lets nobody overtake who wants what somebody ahead waits for',
      messages: [ask('a n1'), ask('b n1 n2'), ask('c n2'), ended('a'), ended('b')],
      acts: [
        ['grant a'],
        ['tell b 1/1 held by a behind -'],
        ['tell b 1/2 held by a behind -', 'tell c 2/2 held by - behind b'],
        ['grant b', 'tell c 1/1 held by b behind -'],
        ['grant c'],
      ],
    },
    {
      what: 'grants again what is held, and keeps the place of who asks again',
      messages: [ask('a n1'), ask('a n1'), ask('b n1'), ask('b n1')],
      acts: [['grant a'], ['grant a'], ['tell b 1/1 held by a behind -'], ['tell b 1/1 held by a behind -']],
    },
    {
      what: 'takes back what is held from who asks for something else',
      messages: [ask('a n1'), ask('b n1'), ask('a n1 n2')],
      acts: [['grant a'], ['tell b 1/1 held by a behind -'], ['grant b', 'tell a 1/1 held by b behind -']],
    },
    {
      what: 'answers the same change, at work or in line, with the first one',
      messages: [
        ask('a n1', ['x']),
        ask('b n1', ['x']),
        ask('c n1', ['y']),
        ask('d n1', ['y']),
        ask('a n1', ['x']),
      ],
      acts: [
        ['grant a'],
        ['refuse b: alreadyRunning a'],
        ['tell c 1/1 held by a behind -'],
        ['refuse d: alreadyRunning c'],
        ['grant a'],
      ],
    },
    {
      what: 'lets one that waits go',
      messages: [ask('a n1'), ask('b n1'), { name: 'withdraw', change: 'b/1' }, ended('a')],
      acts: [['grant a'], ['tell b 1/1 held by a behind -'], [], []],
    },
    {
      what: 'puts an emergency first, and makes the holder yield',
      messages: [ask('a n1'), ask('b n1'), ask('e! n1'), ended('a', { leftToDo: ['n1 is out'] })],
      acts: [
        ['grant a'],
        ['tell b 1/1 held by a behind -'],
        ['a must yield to e!', 'tell e! 1/2 held by a behind -', 'tell b 2/2 held by a behind e!'],
        ['grant e! (a left: n1 is out)', 'tell b 1/1 held by e! behind -'],
      ],
    },
    {
      what: 'takes the lease from a holder that does not yield in time, once',
      messages: [ask('a n1'), ask('e! n1'), ask('e! n1'), 'later', ended('a')],
      acts: [
        ['grant a'],
        ['a must yield to e!', 'tell e! 1/1 held by a behind -'],
        ['tell e! 1/1 held by a behind -'],
        ['a lost its lease to e!', 'grant e!'],
        [],
      ],
    },
    {
      what: 'lets an emergency wait for another one',
      messages: [ask('e! n1'), ask('f! n1'), ended('e!')],
      acts: [['grant e!'], ['tell f! 1/1 held by e! behind -'], ['grant f!']],
    },
    {
      what: 'repairs after one that was cut off, before anybody else is granted',
      messages: [ask('a n1'), ask('b n1'), ended('a', { how: 'cut' })],
      acts: [
        ['grant a'],
        ['tell b 1/1 held by a behind -'],
        ['repair after a', expect.stringMatching(/^tell b 1\/1 held by repair-a-\d+ behind -$/) as string],
      ],
    },
    {
      what: 'tells whoever comes next what is left on its hosts, and only that one',
      messages: [
        ask('a n1'),
        ended('a', { leftToDo: ['n1 is out'] }),
        ask('b n2'),
        ask('c n1'),
        ended('c'),
        ask('d n1'),
      ],
      acts: [['grant a'], [], ['grant b'], ['grant c (a left: n1 is out)'], [], ['grant d']],
    },
  ])('$what', ({ messages, acts }) => {
    expect(play(empty(), messages)).toEqual(acts);
  });

  it('repairs once: a repair that is cut off itself is told to the next', () => {
    const state = empty();
    play(state, [ask('a n1'), ended('a', { how: 'cut' })]);
    const [repair] = state.held;
    expect(repair).toMatchObject({ kind: 'repair', claims: ask('a n1').claims, same: [] });
    const end: RunEnd = { how: 'cut', why: 'terminated', leftToDo: [] };
    const [acts] = play(state, [{ name: 'ended', change: repair!.change, end }]);
    expect(acts).toEqual([]);
    expect(play(state, [ask('b n1')])[0]?.[0]).toMatch(
      /^grant b \(repair-a-\d+ left: repair-a-\d+ was cut off/,
    );
  });

  it('refuses to let a line grow without end', () => {
    const state = empty();
    play(
      state,
      Array.from({ length: LONGEST_LINE + 1 }, (_, index) => ask(`a${index} n1`)),
    );
    expect(play(state, [ask('late n1')])).toEqual([[`refuse late: tooMany ${LONGEST_LINE}`]]);
  });

  it('has epochs that rise with the clock, and without it', () => {
    const state = empty(NOW + 1_000_000);
    play(state, [ask('a n1'), ask('b n2')]);
    expect(state.held.map(({ epoch }) => epoch)).toEqual([NOW + 1_000_001, NOW + 1_000_002]);
  });

  it('takes in who was found at work; what was cut off is repaired but for hosts that others have taken', () => {
    const found = (text: string, epoch: number): Held => ({
      ...ask(text),
      kind: 'change',
      epoch,
      since: '',
      yielding: null,
    });
    const state = empty();
    const messages = adopt(state, {
      running: [found('a n1 n2', NOW + 9)],
      cut: [found('b n2 n3', NOW + 5), found('c n1', NOW + 4)],
    });
    expect(state.epoch).toBe(NOW + 9);
    expect(messages).toMatchObject([{ name: 'ended', change: 'b/1', end: { how: 'cut' } }]);
    expect(play(state, messages)).toEqual([['repair after b']]);
    expect(state.held.map(({ id, claims }) => [id, claims.map(({ name }) => name)])).toEqual([
      ['a', ['host n1', 'host n2', 'balancer edge']],
      [expect.stringContaining('repair-b'), ['host n3', 'balancer edge']],
    ]);
  });
});

describe('claims', () => {
  it.each([
    [[host('n1')], [host('n1')], true],
    [[host('n1')], [host('n2')], false],
    [[shared('edge')], [shared('edge')], false],
    [[shared('edge')], [{ ...shared('edge'), mode: 'exclusive' as const }], true],
  ])('%j and %j clash: %p', (some, others, expected) => {
    expect([clash(some, others), clash(others, some)]).toEqual([expected, expected]);
  });

  it('cover what is asked for with no more', () => {
    expect(covers([host('n1'), shared('edge')], [host('n1')])).toBe(true);
    expect(covers([host('n1')], [host('n1'), shared('edge')])).toBe(false);
    expect(covers([shared('edge')], [{ ...shared('edge'), mode: 'exclusive' }])).toBe(false);
    expect(covers([{ ...shared('edge'), mode: 'exclusive' }], [shared('edge')])).toBe(true);
  });
});

describe('whatever is asked in whatever order', () => {
  const HOSTS = ['n1', 'n2', 'n3'];
  const claims = fc
    .uniqueArray(fc.constantFrom(...HOSTS), { minLength: 1 })
    .chain((hosts) =>
      fc
        .boolean()
        .map((alone): Claim[] => [
          ...hosts.map(host),
          { name: 'balancer edge', mode: alone ? 'exclusive' : 'shared' },
        ]),
    );
  const id = fc.integer({ min: 0, max: 8 }).map((number) => `c${number}`);
  const asking = fc
    .record({ id, claims, rank: fc.constantFrom('usual' as const, 'emergency' as const) })
    .map(({ id, claims, rank }): LeaseMessage => ({
      name: 'ask',
      ask: { id, change: `${id}/1`, what: '', rank, claims, same: [] },
    }));
  const ending = fc
    .record({ id, how: fc.constantFrom('ended' as const, 'cut' as const) })
    .map(({ id, how }) => ended(id, { how }));
  const leaving = id.map((id): LeaseMessage => ({ name: 'withdraw', change: `${id}/1` }));
  const message = fc.oneof({ weight: 4, arbitrary: asking }, ending, leaving);
  const story = fc.array(fc.record({ message, after: fc.integer({ min: 0, max: 20_000 }) }), {
    maxLength: 60,
  });

  /** Calls back after each message. */
  function walk(
    steps: { message: LeaseMessage; after: number }[],
    seen: (state: LeaseState, acts: Act[], now: number, message: LeaseMessage) => void,
  ): LeaseState {
    const state = empty();
    let now = NOW;
    for (const { message, after } of steps) {
      now += after;
      // no object of the caller's is kept: what comes twice is two objects
      const acts = [...take(state, structuredClone(message), now), ...settle(state, now)];
      seen(state, acts, now, message);
    }
    return state;
  }

  it('no two hold what only one may have, and nobody holds and waits', () => {
    fc.assert(
      fc.property(story, (steps) => {
        walk(steps, ({ held, queue }) => {
          for (const [index, one] of held.entries())
            for (const other of held.slice(index + 1)) expect(clash(one.claims, other.claims)).toBe(false);
          const names = [...held, ...queue].map(({ change }) => change);
          expect(new Set(names).size).toBe(names.length);
        });
      }),
    );
  });

  it('epochs rise strictly from grant to grant', () => {
    fc.assert(
      fc.property(story, (steps) => {
        let newest = 0;
        const known = new Set<string>();
        walk(steps, (_, acts) => {
          for (const act of acts) {
            const holder = act.act === 'grant' ? act.to : act.act === 'repair' ? act.by : null;
            if (!holder || known.has(`${holder.change} ${holder.epoch}`)) continue;
            known.add(`${holder.change} ${holder.epoch}`);
            expect(holder.epoch).toBeGreaterThan(newest);
            newest = holder.epoch;
          }
        });
      }),
    );
  });

  it('inside a rank nobody is overtaken by one that wants some of the same', () => {
    fc.assert(
      fc.property(story, (steps) => {
        let before: LeaseState['queue'] = [];
        walk(steps, (state, acts) => {
          for (const act of acts) {
            if (act.act !== 'grant') continue;
            const { change, rank, claims } = act.to;
            const at = before.findIndex((waiting) => waiting.change === change);
            const ahead = before.slice(0, Math.max(0, at)).filter((waiting) => waiting.rank === rank);
            // who asks again with another rank stands in another line
            const still = ahead.filter(({ change: other }) =>
              state.queue.some((now) => now.change === other && now.rank === rank),
            );
            for (const waiting of still) expect(clash(waiting.claims, claims)).toBe(false);
          }
          before = structuredClone(state.queue);
        });
      }),
    );
  });

  it('everybody who waits is granted in the end, when holders end', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const state = walk(steps, () => undefined);
        let now = NOW + 10_000_000;
        for (let rounds = 0; !isIdle(state); rounds += 1) {
          expect(rounds).toBeLessThan(100);
          expect(state.held.length).toBeGreaterThan(0);
          for (const { change } of [...state.held])
            take(state, { name: 'ended', change, end: { how: 'ended', why: '', leftToDo: [] } }, now);
          settle(state, (now += 1));
        }
      }),
    );
  });

  it('the same message twice changes nothing', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const once = empty();
        const twice = empty();
        let now = NOW;
        for (const { message, after } of steps) {
          now += after;
          for (const state of [once, twice, twice]) {
            // deadlines have their own time: nobody loses the hosts between a message and its double
            settle(state, now);
            take(state, structuredClone(message), now);
            settle(state, now);
          }
          // a repair's name holds its epoch, which a second end has no part in
          expect(twice).toEqual(once);
        }
      }),
    );
  });

  it('somebody who is told a place has it, and a deadline is never in the past', () => {
    fc.assert(
      fc.property(story, (steps) => {
        walk(steps, (state, _, now) => {
          for (const [index, waiting] of inOrder(state).entries())
            expect(waiting.told).toMatchObject({ place: index + 1, of: state.queue.length });
          expect(nextDeadline(state) ?? Infinity).toBeGreaterThan(now);
        });
      }),
    );
  });
});
