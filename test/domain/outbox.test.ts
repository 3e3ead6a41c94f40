import type { Announcement, EventKind, Undelivered } from '../../src/contracts/notifications';
import {
  giveUpAll,
  hurry,
  newOutbox,
  nextSend,
  outboxNotes,
  post,
  settle,
  type Outbox,
} from '../../src/domain/outbox';

const to = {
  progressSeconds: 60,
  channels: { a: ['began', 'progress', 'ended'], b: ['ended', 'progress', 'hostFailed'] } as Record<
    string,
    EventKind[]
  >,
};
const MINUTE = 60_000;

function add(outbox: Outbox, ...kinds: EventKind[]): void {
  for (const kind of kinds) post(outbox, to, { id: `x#${outbox.next}`, kind } as Announcement);
}
const next = (outbox: Outbox, now: number) => {
  const { send, wakeAt } = nextSend(outbox, to, now);
  return send ? `${send.announcement.kind} → ${send.channels.join()}` : wakeAt;
};
const busy = (channel: string): Undelivered => ({ channel, why: '503', again: true });
function sent(outbox: Outbox, now: number, failed: Undelivered[] = [], last = false): void {
  settle(outbox, nextSend(outbox, to, now).send!, failed, now, last);
}

it('goes in order, to those who want it, and is empty then', () => {
  const outbox = newOutbox();
  add(outbox, 'began', 'hostFailed', 'undone');
  expect(next(outbox, 0)).toBe('began → a');
  sent(outbox, 0);
  expect(next(outbox, 0)).toBe('hostFailed → b');
  sent(outbox, 0);
  expect(next(outbox, 0)).toBeNull();
  expect(outbox.next).toBe(4);
});

it('tells of progress once per time, the newest, while all else goes at once', () => {
  const outbox = newOutbox();
  add(outbox, 'progress');
  sent(outbox, 0);
  add(outbox, 'progress', 'progress', 'began');
  expect(next(outbox, 1_000)).toBe('began → a');
  sent(outbox, 1_000);
  expect(next(outbox, 1_000)).toBe(MINUTE);
  expect(outbox.queue.map(({ announcement }) => announcement.id)).toEqual(['x#3']);
  expect(next(outbox, MINUTE)).toBe('progress → a,b');
  add(outbox, 'ended');
  expect(next(outbox, 1_000)).toBe('ended → a,b');
});

it('a channel that fails rests longer and longer, in order, and keeps nobody waiting', () => {
  const outbox = newOutbox();
  add(outbox, 'progress', 'ended');
  add(outbox, 'began');
  sent(outbox, 0, [busy('a')]);
  expect(next(outbox, 0)).toBe(5_000);
  add(outbox, 'hostFailed');
  expect(next(outbox, 0)).toBe('hostFailed → b');
  sent(outbox, 0);
  expect(next(outbox, 5_000)).toBe('ended → a');
  sent(outbox, 5_000, [busy('a')]);
  expect(next(outbox, 5_000)).toBe(35_000);
  sent(outbox, 35_000);
  expect(next(outbox, 35_000)).toBe('began → a');
});

it('gives a message up in the end, and tries each later one once until one arrives', () => {
  const outbox = newOutbox();
  add(outbox, 'began');
  let now = 0;
  for (let tries = 1; outbox.queue.length; tries += 1) {
    expect(tries).toBeLessThan(10);
    const at = next(outbox, now);
    if (typeof at === 'number') now = at;
    sent(outbox, now, [busy('a')]);
  }
  expect(now).toBeGreaterThan(10 * MINUTE);
  expect(now).toBeLessThan(30 * MINUTE);
  add(outbox, 'began');
  sent(outbox, now, [busy('a')]);
  expect(outbox.queue).toEqual([]);
  add(outbox, 'began');
  sent(outbox, now);
  expect(outbox.failing).toEqual({});
  expect(outboxNotes(outbox)).toEqual(['notifications: 2 messages to a not delivered: 503']);
});

it('a refused message is not sent again, and the channel gets the next one', () => {
  const outbox = newOutbox();
  add(outbox, 'began', 'ended');
  sent(outbox, 0, [{ channel: 'a', why: '404', again: false }]);
  expect(next(outbox, 0)).toBe('ended → a,b');
  expect(outboxNotes(outbox)).toEqual(['notifications: 1 message to a not delivered: 404']);
});

it('at the end all is tried once more, the well ones first, and then given up', () => {
  const outbox = newOutbox();
  add(outbox, 'began');
  sent(outbox, 0, [busy('a')]);
  add(outbox, 'ended');
  hurry(outbox);
  expect(next(outbox, 1)).toBe('ended → b');
  sent(outbox, 1, [], true);
  expect(next(outbox, 1)).toBe('began → a');
  sent(outbox, 1, [busy('a')], true);
  expect(next(outbox, 1)).toBeNull();
  expect(outboxNotes(outbox)).toEqual(['notifications: 2 messages to a not delivered: 503']);
  add(outbox, 'ended');
  giveUpAll(outbox, 'late');
  expect(outboxNotes(outbox)).toEqual([
    'notifications: 3 messages to a not delivered: late',
    'notifications: 1 message to b not delivered: late',
  ]);
});

it('does not grow for ever', () => {
  const outbox = newOutbox();
  for (let count = 0; count < 130; count += 1) add(outbox, 'began');
  expect(outbox.queue).toHaveLength(100);
  expect(outbox.lost.a?.messages).toBe(30);
  // it goes along with the state
  expect(JSON.parse(JSON.stringify(outbox))).toEqual(outbox);
});
