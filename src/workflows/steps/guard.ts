/** While services are closed somebody looks that they are. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { MaintenanceTimes } from '../../contracts/maintenance';
import { guardDoors } from './activities';
import type { Change } from './change';
import { hostFailed } from './host-failure';

/** Seconds between two words of it, which become rarer the more there are. */
const FIRST_PAUSE = 60;
const LONGEST_PAUSE = 3_600;

/** Lets time pass while every door is looked at and closed again when it is not. Whatever is found there, time goes on. */
export async function guarded<T>(run: Change, times: MaintenanceTimes, wait: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  const guarding = scope
    .run(() => guard(run, times))
    .catch((error: unknown) => {
      if (isCancellation(error)) return;
      run.status.notes.push(`closed services are looked at no more: ${hostFailed('', error).message}`);
      run.show();
    });
  try {
    return await wait();
  } finally {
    scope.cancel();
    await guarding;
  }
}

/** The same for work of a change that has closed its service, where it has. */
export function whileClosed<T>(run: Change, work: () => Promise<T>): Promise<T> {
  const { closed } = run.state;
  return closed ? guarded(run, closed, work) : work();
}

async function guard(run: Change, times: MaintenanceTimes): Promise<void> {
  const { closures = [], page } = run.plan.intent;
  const doors = closures.flatMap(({ name, doors: own }) =>
    own.flatMap((door) => (page ? [{ change: run.ref, service: name, door, page, times }] : [])),
  );
  if (doors.length === 0) return;
  for (let quietSeconds = 0; ; quietSeconds = Math.min(2 * quietSeconds || FIRST_PAUSE, LONGEST_PAUSE)) {
    const { what } = await guardDoors.executeWithOptions({ summary: 'look that all stays closed' }, [
      { doors, quietSeconds },
    ]);
    run.status.notes.push(what);
    run.show();
  }
}
