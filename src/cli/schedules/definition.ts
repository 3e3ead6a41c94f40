/** A schedule as a file says it, and as Temporal keeps it. */
import type { ScheduleDescription, ScheduleOptions, ScheduleSpecDescription } from '@temporalio/client';
import { TASK_QUEUE } from '../../contracts/messages';
import type { OVERLAPS, ScheduleDefinition } from '../../contracts/schedules';
import { digestOf } from '../../domain/plan-hash';
import { parseCron, type Calendar } from '../../domain/schedules/cron';
import { seconds } from '../../domain/schedules/findings';
import { MANUAL } from '../../render/manual';
import { userName } from '../message-options';
import type { JsonObject } from '../read-object';
import { workflowType } from '../workflow-types';

export type Definition = Omit<ScheduleDefinition, 'input'> & { input: JsonObject };

const PREFIX = 'pawl-';
export const scheduleId = (id: string) => PREFIX + id;
/** @returns undefined for a schedule of somebody else's */
export const nameOf = (id: string) => (id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined);

const OVERLAP = {
  skip: 'SKIP',
  bufferOne: 'BUFFER_ONE',
  bufferAll: 'BUFFER_ALL',
  cancelOther: 'CANCEL_OTHER',
  allowAll: 'ALLOW_ALL',
} as const satisfies Record<(typeof OVERLAPS)[number], string>;

/** As `pawl start` starts it; Temporal puts the time behind the workflow's id. */
export function optionsOf(definition: Definition): ScheduleOptions {
  const { id, workflow, input, cron, every, timeZone, overlap, catchUpSeconds, paused } = definition;
  const type = workflowType(workflow);
  return {
    scheduleId: scheduleId(id),
    spec: {
      ...(cron !== undefined && { calendars: [parseCron(cron) as Calendar] }),
      ...(every !== undefined && { intervals: [{ every: seconds(every) * 1_000 }] }),
      timezone: timeZone,
    },
    action: {
      type: 'startWorkflow',
      workflowType: workflow,
      workflowId: `${type.prefix}-${id}`,
      taskQueue: TASK_QUEUE,
      args: [input],
      // a worker that dies inside a workflow task holds the run up for so long
      workflowTaskTimeout: 5_000,
      staticSummary: type.about,
      staticDetails: MANUAL,
      memo: { startedBy: `schedule ${scheduleId(id)}` },
    },
    policies: { overlap: OVERLAP[overlap], catchupWindow: catchUpSeconds * 1_000, pauseOnFailure: false },
    memo: { appliedBy: userName() },
    state: { paused: paused ?? false },
  };
}

/** Whether Temporal keeps it as the file says it; who has paused it where the file says nothing of that is right. */
export function isSame(definition: Definition, there: ScheduleDescription): boolean {
  const wanted = optionsOf(definition);
  const { paused } = definition;
  if (paused !== undefined && paused !== there.state.paused) return false;
  return digestOf(comparable(wanted)) === digestOf(comparable(there));
}

const STARTED = [
  ...(['workflowType', 'workflowId', 'taskQueue', 'args'] as const),
  ...(['workflowTaskTimeout', 'staticSummary', 'staticDetails'] as const),
];

/** Without what is Temporal's own affair; what somebody has set by hand and no file says counts. */
function comparable({ spec, action, policies }: ScheduleOptions | ScheduleDescription): object {
  const {
    calendars = [],
    intervals = [],
    skip = [],
    startAt,
    endAt,
    jitter,
    timezone,
  } = spec as ScheduleSpecDescription;
  return {
    calendars,
    intervals: intervals.map(({ every, offset }) => ({ every, offset: offset ?? 0 })),
    ...{
      skip,
      startAt: startAt ?? null,
      endAt: endAt ?? null,
      jitter: jitter ?? 0,
      timezone: timezone || 'UTC',
    },
    action: STARTED.map((field): unknown => action[field]),
    policies,
  };
}
