/**
 * Messages on their way to people, as data: what is to be sent next, what is tried again and when, and what is given up.
 * Each channel gets its messages in order; one that fails keeps nobody else waiting.
 */
import type { Announcement, PlannedNotifications, Undelivered } from '../contracts/notifications';

export interface Outbox {
  /** number of the next event */
  next: number;
  /** oldest first */
  queue: Waiting[];
  /** channels that failed last time */
  failing: Record<string, { until: number; tries: number }>;
  /** what was given up, by channel */
  lost: Record<string, { messages: number; why: string }>;
  /** when progress was told last, milliseconds */
  progressAt: number | null;
}

interface Waiting {
  announcement: Announcement;
  /** that do not have it yet */
  channels: string[];
}

export interface Send {
  announcement: Announcement;
  channels: string[];
}

/** Milliseconds before a channel is tried again: some 18 minutes in all, then its messages are given up. */
const PAUSES = [5_000, 30_000, 120_000, 300_000, 600_000];
/** A change that tells more than this while nobody takes it has told enough. */
const MOST_WAITING = 100;

export function newOutbox(): Outbox {
  return { next: 1, queue: [], failing: {}, lost: {}, progressAt: null };
}

/** Takes an event in, for the channels that want it. Of progress that waits only the newest counts. */
export function post(outbox: Outbox, to: PlannedNotifications, announcement: Announcement): void {
  const { kind } = announcement;
  const channels = Object.keys(to.channels).filter(
    (name) => kind !== 'test' && to.channels[name]!.includes(kind),
  );
  outbox.next += 1;
  // how far it was is no news any more once there is newer news, or the end
  if (kind === 'progress' || kind === 'ended')
    outbox.queue = outbox.queue.filter((waiting) => waiting.announcement.kind !== 'progress');
  if (channels.length) outbox.queue.push({ announcement, channels });
  while (outbox.queue.length > MOST_WAITING)
    for (const channel of outbox.queue.shift()!.channels) lose(outbox, channel, 'too many messages waited');
}

/**
 * What can be sent now; channels that failed last time come after those that did not.
 *
 * @returns the time to look again where something waits for it, milliseconds
 */
export function nextSend(
  { queue, failing, progressAt }: Outbox,
  { progressSeconds }: PlannedNotifications,
  now: number,
): { send: Send | null; wakeAt: number | null } {
  const progressFrom = progressAt === null ? 0 : progressAt + progressSeconds * 1_000;
  const well = (channel: string) => failing[channel] === undefined;
  const rested = (channel: string) => (failing[channel]?.until ?? 0) <= now;
  const due = queue.filter(({ announcement: { kind } }) => kind !== 'progress' || progressFrom <= now);
  for (const ready of [well, (channel: string) => !well(channel) && rested(channel)])
    for (const { announcement, channels } of due) {
      const to = channels.filter(ready);
      if (to.length) return { send: { announcement, channels: to }, wakeAt: null };
    }
  const times = queue.flatMap(({ announcement, channels }) =>
    channels.map((name) =>
      Math.max(failing[name]?.until ?? 0, announcement.kind === 'progress' ? progressFrom : 0),
    ),
  );
  return { send: null, wakeAt: times.length ? Math.min(...times) : null };
}

/**
 * Writes down what became of a send.
 *
 * @param last nothing is tried again after this
 */
export function settle(outbox: Outbox, sent: Send, failed: Undelivered[], now: number, last = false): void {
  const { announcement, channels } = sent;
  if (announcement.kind === 'progress') outbox.progressAt = now;
  for (const channel of channels) {
    const failure = failed.find((one) => one.channel === channel);
    if (!failure) {
      delete outbox.failing[channel];
      take(outbox, announcement.id, channel);
      continue;
    }
    // a refusal is about this message; what may pass by itself is about the channel
    if (!failure.again) {
      take(outbox, announcement.id, channel);
      lose(outbox, channel, failure.why);
      continue;
    }
    const tries = (outbox.failing[channel]?.tries ?? 0) + 1;
    const pause = PAUSES[tries - 1];
    outbox.failing[channel] = { tries, until: now + (pause ?? 0) };
    if (last) giveUp(outbox, channel, failure.why);
    else if (pause === undefined) {
      take(outbox, announcement.id, channel);
      lose(outbox, channel, failure.why);
    }
  }
}

/** The change is over: what rests is tried once more, now. */
export function hurry(outbox: Outbox): void {
  for (const one of Object.values(outbox.failing)) one.until = 0;
}

/** Nobody waits any longer for what is left. */
export function giveUpAll(outbox: Outbox, why: string): void {
  for (const channel of new Set(outbox.queue.flatMap(({ channels }) => channels)))
    giveUp(outbox, channel, why);
}

/** For the report: who was not told, and why. */
export function outboxNotes({ lost }: Outbox): string[] {
  return Object.entries(lost).map(([channel, { messages, why }]) => {
    const count = messages === 1 ? '1 message' : `${messages} messages`;
    return `notifications: ${count} to ${channel} not delivered: ${why}`;
  });
}

function giveUp(outbox: Outbox, channel: string, why: string): void {
  for (const { announcement, channels } of [...outbox.queue]) {
    if (!channels.includes(channel)) continue;
    take(outbox, announcement.id, channel);
    lose(outbox, channel, why);
  }
}

function take(outbox: Outbox, id: string, channel: string): void {
  for (const waiting of outbox.queue)
    if (waiting.announcement.id === id)
      waiting.channels = waiting.channels.filter((other) => other !== channel);
  outbox.queue = outbox.queue.filter(({ channels }) => channels.length);
}

function lose(outbox: Outbox, channel: string, why: string): void {
  const before = outbox.lost[channel]?.messages ?? 0;
  outbox.lost[channel] = { messages: before + 1, why };
}
