import type { Cluster } from '../../contracts/cluster';
import { USUAL_EVENTS, type EventKind, type PlannedNotifications } from '../../contracts/notifications';

/** Whom a change of a service tells; undefined where the cluster file names nobody for it. */
export function plannedNotifications(
  { notifications }: Cluster,
  service: string,
): PlannedNotifications | undefined {
  if (!notifications) return undefined;
  const channels = Object.entries(notifications.channels)
    .filter(([, { services }]) => services?.includes(service) ?? true)
    .map(([name, { events, audience }]): [string, EventKind[]] => [
      name,
      [...(events ?? USUAL_EVENTS[audience])],
    ]);
  if (channels.length === 0) return undefined;
  return { progressSeconds: notifications.progressSeconds, channels: Object.fromEntries(channels) };
}

/** Every channel that one of several services, or sources of backups, concerns. */
export function notificationsOfAny(cluster: Cluster, names: string[]): PlannedNotifications | undefined {
  const all = names.flatMap((name) => plannedNotifications(cluster, name) ?? []);
  const [first] = all;
  return (
    first && {
      ...first,
      channels: Object.assign({}, ...all.map(({ channels }) => channels)) as typeof first.channels,
    }
  );
}
