/** Schedules in Temporal: ours are known by their ids. */
import {
  ScheduleNotFoundError,
  type ScheduleDescription,
  type ScheduleHandle,
  type ScheduleSummary,
} from '@temporalio/client';
import { PawlError } from '../../contracts/failures';
import { refusedByServer } from '../errors';
import type { Temporal } from '../temporal';
import { isSame, nameOf, optionsOf, scheduleId, type Definition } from './definition';

const CALL_WITHIN_MS = 10_000;
const LIST_WITHIN_MS = 30_000;

export type Outcome = 'created' | 'updated' | 'unchanged';

/** @returns what has to be done so that Temporal keeps it as it is said */
export async function outcomeOf(temporal: Temporal, definition: Definition): Promise<Outcome> {
  const there = await described(temporal, definition.id);
  if (!there) return 'created';
  return isSame(definition, there) ? 'unchanged' : 'updated';
}

export async function bringAbout(
  temporal: Temporal,
  definition: Definition,
  outcome: Outcome,
): Promise<void> {
  if (outcome === 'unchanged') return;
  const { client, within } = temporal;
  const options = optionsOf(definition);
  try {
    await within(CALL_WITHIN_MS, async () => {
      if (outcome === 'created') return void (await client.schedule.create(options));
      const { spec, action, policies } = options;
      await client.schedule.getHandle(options.scheduleId).update(({ state }) => ({
        ...{ spec, action, policies },
        // who has paused it is right, unless the file says otherwise
        state: { ...state, ...(definition.paused !== undefined && { paused: definition.paused }) },
      }));
    });
  } catch (error) {
    const why = refusedByServer(error);
    if (why === undefined) throw error;
    throw new PawlError('Failed', `Temporal refuses the schedule ${definition.id}: ${why}`);
  }
}

/** @returns undefined where there is none */
async function described({ client, within }: Temporal, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await within(CALL_WITHIN_MS, () => client.schedule.getHandle(scheduleId(id)).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/**
 * A schedule that must be there.
 *
 * @param work what is done with it, bounded in time
 * @throws BadInput with those that are there
 */
export async function withSchedule<T>(
  temporal: Temporal,
  id: string,
  work: (handle: ScheduleHandle) => Promise<T>,
): Promise<T> {
  const { client, within } = temporal;
  try {
    return await within(CALL_WITHIN_MS, () => work(client.schedule.getHandle(scheduleId(id))));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const names = (await listed(temporal)).map(({ scheduleId: known }) => nameOf(known));
    const known = names.length ? `there are ${names.join(', ')}` : '`pawl schedule apply` makes some';
    throw new PawlError('BadInput', `there is no schedule ${id}; ${known}`);
  }
}

/** By name. */
export async function listed({ client, within }: Temporal): Promise<ScheduleSummary[]> {
  const found: ScheduleSummary[] = [];
  await within(LIST_WITHIN_MS, async () => {
    for await (const one of client.schedule.list()) if (nameOf(one.scheduleId) !== undefined) found.push(one);
  });
  return found.sort((one, other) => one.scheduleId.localeCompare(other.scheduleId));
}
