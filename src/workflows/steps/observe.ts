import { CancellationScope, condition } from '@temporalio/workflow';
import { boundary } from './boundary';
import type { Change } from './change';

/** What an observation does beside looking at hosts. */
export interface Observation {
  /** never resolves; ends the observation when it rejects */
  beside?: Promise<never>;
  /** ends it before its time */
  enough?: () => boolean;
  /** in words: what happens when its time is over */
  then?: string;
  /** a pause acts at once, and what is left of the time is left after it */
  stopsWhilePaused?: boolean;
}

/** Observes until the time is over or somebody promotes; fails as soon as the observation does. */
export async function observe(
  run: Change,
  seconds: number,
  what: string,
  observation: () => Promise<unknown>,
  more: Observation = {},
): Promise<void> {
  if (seconds <= 0) return;
  const { control, status } = run.state;
  control.promoted = false;
  control.extended = 0;
  run.doing.soaking = true;
  const until = Date.now() + seconds * 1_000;
  try {
    await run.clock.stand(() =>
      run.interruptibly(async () => {
        const broken = observation();
        // the race below may end first; what the observation says after that no longer matters
        broken.catch(() => undefined);
        const over = timeIsOver(run, until, what, more);
        // an observation that ends without a failure has nothing more to say; the time still counts
        const ends = [broken.then(() => over), over];
        if (!more.beside) await Promise.race(ends);
        else await Promise.race([...ends, more.beside]).finally(() => CancellationScope.current().cancel());
        CancellationScope.current().cancel();
      }),
    );
  } finally {
    run.doing.soaking = false;
    run.doing.observedUntil = null;
    status.waitingFor = null;
    run.show();
  }
}

async function timeIsOver(run: Change, until: number, what: string, more: Observation): Promise<void> {
  const { control, status } = run.state;
  const { enough = () => false, then = 'it goes on', stopsWhilePaused = false } = more;
  const paused = () => stopsWhilePaused && !!control.paused;
  for (;;) {
    const extended = control.extended;
    const left = until + extended * 60_000 - Date.now();
    if (paused()) {
      await boundary(run);
      control.extended = 0;
      until = Date.now() + left;
      continue;
    }
    if (control.promoted || enough() || left <= 0) return;
    const ends = Date.now() + left;
    run.doing.observedUntil = ends;
    status.waitingFor = {
      what,
      answers: [{ message: 'promote', payload: { by: 'you' } }],
      until: new Date(ends).toISOString(),
      then,
    };
    run.show();
    const changed = () => control.promoted || enough() || paused() || control.extended !== extended;
    await condition(changed, left, { summary: what });
  }
}
