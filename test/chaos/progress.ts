/** When a run went on, from its own history. All times are milliseconds of the clock. */
import type { WorkflowHandle } from '@temporalio/client';

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

export interface Progress {
  /** the first task or activity that a worker completed after the fault; undefined: none was left */
  at: number | undefined;
  /** the struck activity was over already, so the fault came after it and not during it */
  late: boolean;
  /** activities that found a job which an earlier attempt had started */
  reattached: number;
}

export async function progressOf(
  handle: WorkflowHandle,
  struck: { faultAt: number; activityId: string },
): Promise<Progress> {
  const events = (await handle.fetchHistory()).events ?? [];
  const completed = events.filter(
    (event) => event.workflowTaskCompletedEventAttributes || endedActivity(event),
  );
  const reattached = events.filter(({ activityTaskCompletedEventAttributes: done }) =>
    done?.result?.payloads?.some(({ data }) => Buffer.from(data ?? []).includes('"reattached":true')),
  );
  const scheduled = events.find(
    ({ activityTaskScheduledEventAttributes: at }) => at?.activityId === struck.activityId,
  );
  const end = events.find((event) => String(endedActivity(event)) === String(scheduled?.eventId));
  return {
    at: completed.map(timeOf).find((at) => at > struck.faultAt),
    late: end !== undefined && timeOf(end) < struck.faultAt,
    reattached: reattached.length,
  };
}

/** The event that scheduled the activity which ended here. */
function endedActivity(event: Event) {
  const { activityTaskCompletedEventAttributes, activityTaskFailedEventAttributes } = event;
  const end =
    activityTaskCompletedEventAttributes ??
    activityTaskFailedEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  return end?.scheduledEventId;
}

function timeOf({ eventTime }: Event): number {
  return Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
}
