import type { PlannedHost } from '../../contracts/plan';
import { boundary } from './boundary';
import type { Change } from './change';
import { roomForLoad } from './load';
import { goOnAnew, isLong } from './long';
import { progressing } from './progress';
import { settle } from './settle';

/**
 * Works on the hosts of a plan one after the other. One that fails is settled: tried again, left out, or the end of
 * the change.
 */
export async function oneByOne(
  run: Change,
  input: unknown,
  work: (host: PlannedHost) => Promise<void>,
): Promise<void> {
  for (const host of run.plan.intent.hosts)
    while (isToDo(run, host)) {
      if (isLong()) await goOnAnew(run, input);
      await boundary(run);
      if (run.isSkipped(host)) {
        run.note(host.name, { state: 'skipped' });
        break;
      }
      try {
        await progressing(run, async () => {
          await roomForLoad(run, host);
          await run.working(host, () => work(host));
        });
        run.note(host.name, { state: 'done', note: undefined });
      } catch (error) {
        await settle(run, host, error);
      }
    }
}

/** A run that continues another one finds hosts that are through, or were left out. */
export function isToDo(run: Change, host: PlannedHost): boolean {
  const { state } = run.host(host.name);
  const leftOut = state === 'skipped' || (state === 'unreachable' && run.isSkipped(host));
  return state !== 'done' && !leftOut && !run.state.failed.includes(host.name);
}

/** Names of the hosts with which a change is through, and in words those that it left out. */
export function through(run: Change): { names: string[]; without: string } {
  const of = (state: string) =>
    run.status.hosts.filter((host) => host.state === state).map(({ name }) => name);
  const skipped = of('skipped');
  return { names: of('done'), without: skipped.length ? `; skipped: ${skipped.join(', ')}` : '' };
}
