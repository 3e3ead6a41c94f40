/** Shares of the requests that go to those who carry a change, by their weights. */
import type { PlannedBatch, PlannedHost, RolloutIntent } from '../../contracts/plan';
import { weightAt } from '../../domain/ramp';
import { boundary } from './boundary';
import type { Change } from './change';
import { bringTo, weightsOf } from './host-steps';
import { isLongInside } from './long';
import { progressing } from './progress';
import { settle } from './settle';
import { SIDE_BY_SIDE, walk } from './walk';

/**
 * Those that carry the change already come to the weight that this batch gives to all of them.
 *
 * @returns false when the history is long before all have it
 */
export async function shareOut(
  run: Change<RolloutIntent>,
  { percent = 100 }: PlannedBatch,
): Promise<boolean> {
  const { batches, hosts } = run.plan.intent;
  if (batches.every((batch) => batch.percent === undefined)) return true;
  const fullOf = ({ name }: PlannedHost) => weightsOf(run.plan.observed.hosts[name]?.traffic ?? {});
  // one that drains shows the weight that it had
  const serves = percent > 0;
  const differs = (host: PlannedHost) =>
    Object.entries(fullOf(host)).some(([balancer, full]) => {
      const { state, weight } = run.host(host.name).balancers[balancer] ?? {};
      return serves ? state !== 'in' || weight !== weightAt(full, percent) : state === 'in';
    });
  const bringOne = async (host: PlannedHost) => {
    await boundary(run);
    await bringTo(run, host, fullOf(host), percent);
    run.note(host.name, { state: 'done', note: undefined });
  };
  for (;;) {
    const left = hosts.filter((host) => run.host(host.name).state === 'done' && differs(host));
    if (left.length === 0) return true;
    if (isLongInside(run)) return false;
    const { failures } = await progressing(run, () =>
      walk(left, SIDE_BY_SIDE, bringOne, () => isLongInside(run)),
    );
    for (const { item, error } of failures)
      if ((await settle(run, item, error)) === 'retry') run.note(item.name, { state: 'done' });
  }
}
