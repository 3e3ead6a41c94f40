import type { PlannedHost, UpgradeIntent } from '../../contracts/plan';
import { setsOf } from '../../domain/blue-green';
import { announce } from './announce';
import { boundary } from './boundary';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { prepareHost } from './command';
import { badState, hostFailed } from './host-failure';
import { stageRelease } from './host-steps';
import { isLongInside } from './long';
import { progressing } from './progress';
import { fencesUp } from './turn';
import { SIDE_BY_SIDE, walk } from './walk';

/** Prepares hosts and brings the release to them while all that serve do so; in the midst of them when the history is long. */
export async function stage(run: Change<UpgradeIntent>): Promise<void> {
  const { intent } = run.plan;
  const { coming } = setsOf(intent);
  run.enter('preparing', `staging ${intent.version} on ${coming.length} hosts`);
  // what users' commands do on hosts comes after all of earlier changes
  if (intent.prepare) await fencesUp(run);
  const left = coming.filter(({ name }) => run.host(name).state !== 'staged');
  const stageOne = async (host: PlannedHost) => {
    await boundary(run);
    for (const prepare of intent.prepare ?? []) await prepareHost(run, host, prepare);
    await stageRelease(run, host);
  };
  const { failures, notStarted } = await progressing(run, () =>
    walk(left, SIDE_BY_SIDE, stageOne, () => isLongInside(run)),
  );
  for (const { item, error } of failures) {
    if (error instanceof ChangeStopped) throw error;
    const failure = hostFailed(item.name, error);
    run.note(item.name, { state: badState(failure), note: failure.message });
    announce(run, 'hostFailed', { host: item.name, why: failure.message });
  }
  const [first] = failures;
  if (first) throw new ChangeStopped('failed', `not prepared: ${run.host(first.item.name).note}`, false);
  run.state.staged = notStarted.length === 0;
}
