import { WorkflowNotFoundError, defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import type { Temporal } from '../../src/cli/temporal';
import { stepTimesOf } from '../../src/cli/step-times';

const at = (seconds: number) => ({ eventTime: msToTs(seconds * 1_000) });
const began = (before: string) => ({
  ...at(0),
  workflowExecutionStartedEventAttributes: { continuedExecutionRunId: before },
});
const step = (eventId: number, seconds: number, summary?: string) => ({
  ...{ eventId, ...at(seconds) },
  activityTaskScheduledEventAttributes: { activityType: { name: 'takeOut' } },
  userMetadata: summary ? { summary: defaultPayloadConverter.toPayload(summary) } : undefined,
});
const done = (of: number, seconds: number) => ({
  ...at(seconds),
  activityTaskCompletedEventAttributes: { scheduledEventId: of },
});
const failed = (of: number, seconds: number) => ({
  ...at(seconds),
  activityTaskFailedEventAttributes: { scheduledEventId: of },
});

/** Runs that went on as each other, by their ids; those that are not there were forgotten. */
function knowing(histories: Record<string, object[]>, status = 'RUNNING'): Temporal {
  const newest = { describe: () => Promise.resolve({ runId: 'newest', status: { name: status } }) };
  const handle = (runId: string) => ({
    fetchHistory: () =>
      histories[runId]
        ? Promise.resolve({ events: histories[runId] })
        : Promise.reject(new WorkflowNotFoundError('no history', 'run', runId)),
  });
  const client = {
    options: {
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [] },
    },
    workflow: { getHandle: (_: string, runId?: string) => (runId ? handle(runId) : newest) },
  };
  return { client, within: (_: number, work: () => unknown) => work() } as unknown as Temporal;
}

it('tells the steps of all runs that went on as each other, as far as they are known', async () => {
  const temporal = knowing({
    older: [began('forgotten'), step(2, 10, 'n1: out'), done(2, 12), step(4, 13, 'looking'), at(20)],
    newest: [began('older'), step(2, 21, 'n2: out'), failed(2, 22), step(4, 23, 'n2: out'), step(6, 24)],
  });
  const { entries, note } = await stepTimesOf(temporal, 'run');
  expect(entries).toEqual([
    { what: 'n1: out', begunAt: 10_000, endedAt: 12_000, end: 'done', times: 1 },
    { what: 'looking', begunAt: 13_000, endedAt: 20_000, end: 'cut', times: 1 },
    { what: 'n2: out', begunAt: 21_000, endedAt: null, end: 'underWay', times: 2 },
    { what: 'takeOut', begunAt: 24_000, endedAt: null, end: 'underWay', times: 1 },
  ]);
  expect(note).toBe('what earlier runs of it did is left out');
});

it('of a run that is over nothing is under way', async () => {
  const { entries, note } = await stepTimesOf(
    knowing({ newest: [began(''), step(2, 5), at(9)] }, 'TERMINATED'),
    'run',
  );
  expect(entries).toMatchObject([{ endedAt: 9_000, end: 'cut' }]);
  expect(note).toBeUndefined();
});
