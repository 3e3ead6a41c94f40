import fc from 'fast-check';
import type { Looked, WatchMemory, WatchNews, WatchPolicy } from '../../src/contracts/health-watch';
import { actOfRun } from '../../src/contracts/health-watch';
import { faultSeen, judgeLook, looksAlike, newMemory, settled } from '../../src/domain/health-watch';

const POLICY: WatchPolicy = { intervalSeconds: 30, failures: 3, passes: 2, onUnhealthy: 'eject', floor: 2 };

const AWAY: Record<string, Looked['away']> = {
  o: { by: 'offline-1', own: null },
  r: { by: 'retire-1', own: 'retire' },
};

/** How one host is in one look: `.` well, `x` unhealthy, `?` nobody can tell, `b` a change works there, `o` offline, `r` retired. */
function seenAs(host: string, sign: string, out: boolean): Looked {
  return {
    host,
    fault: sign === 'x' ? `${host} answers 500` : sign === '?' ? undefined : null,
    serving: !out && !Object.hasOwn(AWAY, sign),
    away: AWAY[sign] ?? (out ? { by: 'eject-1', own: 'eject' } : null),
    busy: sign === 'b' ? 'upgrade-1' : null,
    balancers: {},
  };
}

/** What is told of looks at three hosts; what is to be done is done at once. */
function watch(looks: string[], policy = POLICY, works = true): string[] {
  let memory: WatchMemory = newMemory();
  const out = new Set<string>();
  return looks.flatMap((signs, round) => {
    const looked = ['n1', 'n2', 'n3'].map((host, index) => seenAs(host, signs[index]!, out.has(host)));
    const judged = judgeLook(memory, looked, policy, round * 30_000);
    memory = structuredClone(judged.memory);
    for (const one of judged.news) {
      settled(memory, one, works);
      if (works && one.news === 'eject' && policy.onUnhealthy === 'eject') out.add(one.host);
      if (works && one.news === 'putBack') out.delete(one.host);
    }
    return judged.news.map((one) => `${round} ${one.news} ${one.host}${because(one)}`);
  });
}

const because = (one: WatchNews) => (one.news === 'stays' ? `: ${one.because}` : '');

it.each([
  {
    what: 'three failures in a row, then two passes',
    looks: ['x..', 'x..', 'x..', 'x..', '...', '...'],
    is: ['2 eject n1', '5 putBack n1'],
  },
  { what: 'a pass in between begins anew', looks: ['x..', 'x..', '...', 'x..', 'x..'], is: [] },
  { what: 'what nobody can tell is neither', looks: ['x..', 'x..', '?..', 'x..'], is: ['3 eject n1'] },
  {
    what: 'never below the floor, told once, and over when it is well',
    looks: ['xx.', 'xx.', 'xx.', 'xx.', 'x..', 'x..', '...', '...'],
    is: [
      '2 eject n1',
      '2 stays n2: that would leave 1 of 3 in rotation, the floor is 2',
      '5 over n2',
      '7 putBack n1',
    ],
  },
  {
    what: 'who stays at the floor leaves when there is room',
    looks: ['xx.', 'xx.', 'xx.', '.x.', '.x.', '.x.'],
    is: [
      '2 eject n1',
      '2 stays n2: that would leave 1 of 3 in rotation, the floor is 2',
      '4 putBack n1',
      '5 eject n2',
    ],
  },
  {
    what: 'a change that works there',
    looks: ['x..', 'x..', 'b..', 'x..', 'x..', 'x..'],
    is: ['5 eject n1'],
  },
  { what: 'a host that is offline on purpose', looks: Array<string>(9).fill('o..'), is: [] },
  {
    what: 'an ailing host that somebody takes offline',
    looks: ['xx.', 'xx.', 'xx.', 'xo.', 'xo.'],
    is: ['2 eject n1', '2 stays n2: that would leave 1 of 3 in rotation, the floor is 2', '3 over n2'],
  },
])('$what', ({ looks, is }) => expect(watch(looks)).toEqual(is));

describe('a service goes back when so many hosts are unhealthy at once', () => {
  const policy = { ...POLICY, rollback: { unhealthy: 2, withinHours: 24 } };
  const ill = Array<string>(3).fill('xx.');
  it.each([
    { what: 'instead of one host after the other', looks: ill, is: ['2 rollBack n1'] },
    { what: 'fewer leave one by one', looks: Array<string>(3).fill('x..'), is: ['2 eject n1'] },
    {
      what: 'also where one left before',
      looks: ['x..', 'x..', 'xx.', 'xx.', 'xx.'],
      is: ['2 eject n1', '4 rollBack n1'],
    },
    {
      what: 'once; those that stay unhealthy leave as ever',
      looks: [...ill, 'xx.'],
      is: ['2 rollBack n1', '3 eject n1', '3 stays n2: that would leave 1 of 3 in rotation, the floor is 2'],
    },
    {
      what: 'again when all were well in between, whoever worked there',
      looks: [...ill, 'bbb', '...', '...', ...ill],
      is: ['2 rollBack n1', '8 rollBack n1'],
    },
    {
      what: 'not again while a change is at work, or one is not well yet',
      looks: [...ill, 'bbb', 'x..', 'x..', ...ill],
      is: ['2 rollBack n1', '6 eject n1', '8 stays n2: that would leave 1 of 3 in rotation, the floor is 2'],
    },
    {
      what: 'who is out on purpose does not count',
      looks: Array<string>(3).fill('xo.'),
      is: ['2 stays n1: that would leave 1 of 3 in rotation, the floor is 2'],
    },
  ])('$what', ({ looks, is }) => expect(watch(looks, policy)).toEqual(is));
});

it('a watch that only tells does so once', () => {
  expect(watch(Array<string>(7).fill('x..'), { ...POLICY, onUnhealthy: 'tell' })).toEqual([
    '2 stays n1: this watch only tells',
  ]);
});

it('a host that is retired stays out until a person brings it in, and is well then', () => {
  const retire = { ...POLICY, onUnhealthy: 'retire' as const };
  expect(watch(['x..', 'x..', 'x..', 'r..', 'r..', 'b..', '...', '...'], retire)).toEqual([
    '2 eject n1',
    '7 over n1',
  ]);
});

it('what could not be done is tried again after as many looks', () => {
  expect(watch(Array<string>(7).fill('x..'), POLICY, false)).toEqual(['2 eject n1', '5 eject n1']);
});

it('whatever is seen: the floor holds, who leaves has failed often enough, who comes back was taken out by it', () => {
  const look = fc
    .tuple(...[1, 2, 3].map(() => fc.constantFrom('.', 'x', '?', 'b', 'o')))
    .map((signs) => signs.join(''));
  const policy = fc.record({
    failures: fc.integer({ min: 1, max: 4 }),
    passes: fc.integer({ min: 1, max: 4 }),
    floor: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 40 }), policy, (looks, more) => {
      const out = new Set<string>();
      for (const line of watch(looks, { ...POLICY, ...more })) {
        const [round, news, host] = line.split(' ') as [string, string, string];
        const column = Number(host.slice(1)) - 1;
        const before = looks
          .slice(0, Number(round) + 1)
          .map((signs) => signs[column]!)
          .filter((sign) => sign !== '?');
        if (news === 'eject') {
          expect(before.slice(-more.failures)).toEqual(Array(more.failures).fill('x'));
          out.add(host);
          const away = [...looks[Number(round)]!].filter(
            (sign, index) => sign === 'o' || out.has(`n${index + 1}`),
          );
          expect(3 - away.length).toBeGreaterThanOrEqual(more.floor);
        }
        if (news === 'putBack') {
          expect(out.delete(host)).toBe(true);
          expect(before.slice(-more.passes)).toEqual(Array(more.passes).fill('.'));
        }
      }
    }),
  );
});

const UP = { state: 'in' as const, says: 'UP' };
const DOWN = { state: 'down' as const, says: 'DOWN' };
const OUT = { state: 'out' as const, says: 'MAINT' };

it.each([
  { what: 'well everywhere', own: null, balancers: { a: UP, b: UP }, is: null },
  { what: 'well, and out', own: null, balancers: { a: OUT }, is: null },
  { what: 'ill', own: '/health answers 500', balancers: { a: UP }, is: '/health answers 500' },
  { what: 'well by its own word only', own: null, balancers: { a: UP, b: DOWN }, is: 'DOWN at b' },
  { what: 'out of reach of the worker', own: undefined, balancers: { a: UP, b: DOWN }, is: undefined },
  {
    what: 'out of reach of all',
    own: undefined,
    balancers: { a: DOWN },
    is: "out of this worker's reach, and DOWN at a",
  },
  {
    what: 'ill while a balancer is silent',
    own: '/health answers 500',
    balancers: { a: UP, b: undefined },
    is: undefined,
  },
])('a host that is $what', ({ own, balancers, is }) => expect(faultSeen(own, balancers)).toBe(is));

it.each([
  ['eject-web-n1-1764324944000', 'eject'],
  ['back-eject-web-n1-1764324944000', 'putBack'],
  ['retire-web-n1-1764324944000', 'retire'],
  ['eject-web-n1-x', null],
  ['eject-web-n1', null],
  ['eject-web-n11-1764324944000', null],
  ['offline-web-n1', null],
])('what a watch of web has done to n1 by %s: %s', (id, act) => expect(actOfRun('web', 'n1', id)).toBe(act));

it.each([
  { what: 'the same', then: {}, alike: true },
  { what: 'more requests at work', then: at('in', 100, 7), alike: true },
  { what: 'unhealthy, which has its own words', then: { fault: 'answers 500' }, alike: true },
  { what: 'nobody can tell', then: { fault: undefined }, alike: false },
  { what: 'down', then: at('down', 100), alike: false },
  { what: 'another weight', then: at('in', 50), alike: false },
  { what: 'a change works there', then: { busy: 'upgrade-1' }, alike: false },
  { what: 'out of service', then: { away: { by: 'offline-1', own: null } }, alike: false },
])('people see news when a host is $what: $alike is alike', ({ then, alike }) => {
  const before = { ...seenAs('n1', '.', false), ...at('in', 100) };
  expect(looksAlike([before], [{ ...before, ...then }])).toBe(alike);
  expect(looksAlike([], [before])).toBe(false);
});

function at(state: 'in' | 'down', weight: number, sessions = 0): Pick<Looked, 'balancers'> {
  return { balancers: { edge: { state, weight, sessions } } };
}
