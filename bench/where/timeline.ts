/** Reads a run's history: what it did, and what it waited for, from its start to its end. */
import type { WorkflowHandle } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** A stretch of time, milliseconds of the server's clock. */
interface Stretch {
  from: number;
  to: number;
  /** `activity switchRelease`, `activity waits`, `workflow task`, `workflow task waits` */
  what: string;
}

/** @returns milliseconds by what the run was at; together they are its whole time */
export function timeline({ events }: History): {
  total: number;
  parts: Record<string, number>;
  events: number;
} {
  const all = events ?? [];
  const [begin, end] = [at(all[0]), at(all.at(-1))];
  const stretches = stretchesOf(all);
  const edges = [...new Set([begin, end, ...stretches.flatMap(({ from, to }) => [from, to])])].sort(
    (a, b) => a - b,
  );
  const parts: Record<string, number> = {};
  edges.slice(1).forEach((to, index) => {
    const from = edges[index]!;
    const open = stretches.filter((stretch) => stretch.from <= from && stretch.to >= to);
    const what = open.sort((a, b) => rank(a.what) - rank(b.what))[0]?.what ?? 'nothing';
    parts[what] = (parts[what] ?? 0) + to - from;
  });
  return { total: end - begin, parts, events: all.length };
}

function stretchesOf(events: HistoryEvent[]): Stretch[] {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  const event = (id: unknown) => byId.get(String(id));
  return events.flatMap((ended) => {
    const activity =
      ended.activityTaskCompletedEventAttributes ??
      ended.activityTaskFailedEventAttributes ??
      ended.activityTaskCanceledEventAttributes;
    const task = ended.workflowTaskCompletedEventAttributes;
    const about = activity ?? task;
    if (!about) return [];
    const [scheduled, started] = [event(about.scheduledEventId), event(about.startedEventId)];
    const kind = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name;
    const name = activity ? 'activity' : 'workflow task';
    return [
      { from: at(scheduled), to: at(started), what: `${name} waits` },
      { from: at(started), to: at(ended), what: activity ? `activity ${kind}` : name },
    ];
  });
}

/** What counts where several go on at once, such as releases that are brought to all hosts. */
function rank(what: string): number {
  if (what === 'activity waits') return 2;
  if (what === 'workflow task waits') return 3;
  return what === 'workflow task' ? 1 : 0;
}

const at = (event: HistoryEvent | undefined) => tsToMs(event?.eventTime);
