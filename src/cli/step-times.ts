/** What a run did and when, from its history: every activity has a sentence of its own there. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { decodeOptionalSinglePayload } from '@temporalio/common/lib/internal-non-workflow';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { temporal } from '@temporalio/proto';
import type { StepTimes, StepTime } from '../contracts/step-times';
import type { Temporal } from './temporal';

type Event = temporal.api.history.v1.IHistoryEvent;

const DESCRIBE_WITHIN_MS = 5_000;
const FETCH_WITHIN_MS = 30_000;
/** A change of a thousand hosts goes on as a new run some ten times. */
const MOST_RUNS = 40;
const MOST_ENTRIES = 1_000;
/** Milliseconds between two of the same that are told as one: looks of a gate, attempts. */
const APART = 15_000;

/** Of all the runs that went on as each other. */
export async function stepTimesOf({ client, within }: Temporal, id: string): Promise<StepTimes> {
  const newest = await within(DESCRIBE_WITHIN_MS, () => client.workflow.getHandle(id).describe());
  const runs: StepTime[][] = [];
  let next: string | undefined = newest.runId;
  while (next && runs.length < MOST_RUNS) {
    const handle: WorkflowHandle = client.workflow.getHandle(id, next);
    const events = await within(FETCH_WITHIN_MS, () => eventsOf(handle));
    // one that went on long ago may be forgotten by now
    if (!events) break;
    const goesOn = runs.length === 0 && newest.status.name === 'RUNNING';
    const entries = await entriesOf(client, events);
    runs.unshift(goesOn ? entries : entries.map((entry) => cutAt(entry, msOf(events.at(-1)))));
    next = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  const all = together(runs.flat());
  const missing = next ? 'what earlier runs of it did is left out' : '';
  const cut = all.length > MOST_ENTRIES ? `the first ${all.length - MOST_ENTRIES} steps are left out` : '';
  const note = [missing, cut].filter(Boolean).join('; ');
  return { entries: all.slice(-MOST_ENTRIES), ...(note && { note }) };
}

async function eventsOf(handle: WorkflowHandle): Promise<Event[] | null> {
  try {
    return (await handle.fetchHistory()).events ?? [];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function entriesOf(client: Client, events: Event[]): Promise<StepTime[]> {
  const begun = new Map<string, StepTime>();
  for (const event of events) {
    const at = msOf(event);
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const said = await decodeOptionalSinglePayload<string>(
        client.options.loadedDataConverter,
        event.userMetadata?.summary,
      );
      const what = said ?? scheduled.activityType?.name ?? '';
      begun.set(String(event.eventId), { what, begunAt: at, endedAt: null, end: 'underWay', times: 1 });
    }
    const ended = endOf(event);
    const entry = ended && begun.get(ended.of);
    if (entry) Object.assign(entry, { endedAt: at, end: ended.end });
  }
  return [...begun.values()];
}

const msOf = (event: Event | undefined) => optionalTsToMs(event?.eventTime) ?? 0;

/** What a run does beside its steps ends with it, and nobody writes down that it did. */
function cutAt(entry: StepTime, at: number): StepTime {
  return entry.end === 'underWay' ? { ...entry, endedAt: at, end: 'cut' } : entry;
}

function endOf(event: Event): { of: string; end: StepTime['end'] } | undefined {
  const ends = [
    [event.activityTaskCompletedEventAttributes, 'done'],
    [event.activityTaskFailedEventAttributes, 'failed'],
    [event.activityTaskTimedOutEventAttributes, 'failed'],
    [event.activityTaskCanceledEventAttributes, 'cut'],
  ] as const;
  const found = ends.find(([attributes]) => attributes);
  return found && { of: String(found[0]!.scheduledEventId), end: found[1] };
}

/** The same again, right after itself, is one entry. */
function together(entries: StepTime[]): StepTime[] {
  const last = new Map<string, StepTime>();
  return entries.filter((entry) => {
    const before = last.get(entry.what);
    if (!before?.endedAt || entry.begunAt - before.endedAt > APART) {
      last.set(entry.what, entry);
      return true;
    }
    Object.assign(before, { endedAt: entry.endedAt, end: entry.end, times: before.times + entry.times });
    return false;
  });
}
