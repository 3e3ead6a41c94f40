/** When a run went on, from its own history. */
import type { WorkflowHandle } from '@temporalio/client';

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;
type Time = NonNullable<Events[number]['eventTime']>;

export interface Progress {
  /** milliseconds of the clock: the first task or activity that a worker completed after the fault */
  at: number;
  /** activities that found a job which an earlier attempt had started */
  reattached: number;
}

/** @param faultAt milliseconds of the clock */
export async function progressOf(handle: WorkflowHandle, faultAt: number): Promise<Progress> {
  const { events } = await handle.fetchHistory();
  const completed = (events ?? []).filter(
    (event) =>
      event.workflowTaskCompletedEventAttributes ||
      event.activityTaskCompletedEventAttributes ||
      event.activityTaskFailedEventAttributes,
  );
  const first = completed.map(({ eventTime }) => milliseconds(eventTime!)).find((at) => at > faultAt);
  if (first === undefined) throw new Error('nothing was completed after the fault');
  const results = completed.flatMap(
    (event) => event.activityTaskCompletedEventAttributes?.result?.payloads ?? [],
  );
  const found = results.filter(({ data }) => Buffer.from(data ?? []).includes('"reattached":true'));
  return { at: first, reattached: found.length };
}

function milliseconds({ seconds, nanos }: Time): number {
  return Number(seconds) * 1_000 + (nanos ?? 0) / 1e6;
}
