import { cancellationSignal } from '@temporalio/activity';
import type { Announcement, NotifyTestReport, Undelivered } from '../contracts/notifications';
import { NotifyTestInput } from '../contracts/notifications';
import { badInput, parseInput, unknownName } from '../domain/mistakes';
import type { World, Worlds } from './world';

/** Tells people. Whatever a channel does is a result, never a failure: no change waits for it, or ends by it. */
export function notifyActivities(worlds: Worlds) {
  return {
    async notify(input: {
      /** path of the cluster file */
      cluster: string;
      announcement: Announcement;
      channels: string[];
    }): Promise<{ failed: Undelivered[] }> {
      const { announcement, channels } = input;
      const world = await worlds.of(input.cluster).catch(() => null);
      const signal = cancellationSignal();
      const results = await Promise.all(
        channels.map(async (channel): Promise<Undelivered[]> => {
          if (!world) return [{ channel, why: 'the cluster file cannot be read', again: true }];
          const { trouble } = await world.notifier.send(channel, announcement, signal);
          return trouble ? [{ channel, ...trouble }] : [];
        }),
      );
      return { failed: results.flat() };
    },
    /** A message on wish, to one channel or to all. */
    async testChannels(raw: unknown): Promise<NotifyTestReport> {
      const { cluster, channel, by } = parseInput(NotifyTestInput, raw);
      const world = await worlds.read(cluster);
      const at = new Date();
      const announcement = testMessage(world, by, at);
      const answers = await Promise.all(
        chosen(world, channel).map(async ([name, { kind }]) => {
          const { trouble, says } = await world.notifier.send(name, announcement, cancellationSignal());
          return { channel: name, kind, delivered: !trouble, says: trouble?.why ?? says };
        }),
      );
      return { at: at.toISOString(), answers };
    },
  };
}

function chosen({ cluster }: World, channel: string | undefined) {
  const channels = Object.entries(cluster.notifications?.channels ?? {});
  const names = channels.map(([name]) => name);
  if (channels.length === 0)
    throw badInput([
      {
        code: 'noChannels',
        path: 'cluster',
        value: cluster.cluster,
        rule: 'its file names no notifications',
      },
    ]);
  if (channel !== undefined && !names.includes(channel))
    throw badInput([unknownName('channel', channel, names)]);
  return channels.filter(([name]) => channel === undefined || name === channel);
}

function testMessage({ cluster }: World, by: string, at: Date): Announcement {
  return {
    id: `test/${cluster.cluster}/${at.getTime()}`,
    kind: 'test',
    at: at.toISOString(),
    cluster: cluster.cluster,
    service: 'none',
    version: 'none',
    change: 'none',
    facts: { by },
  };
}
