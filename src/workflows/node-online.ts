import type { OnlineIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planNodeOnline } from './steps/activities';
import { bringOnline } from './steps/bring-online';
import { Change, ChangeStopped } from './steps/change';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { learnUsual } from './steps/gate';
import { oneByOne, through } from './steps/one-by-one';
import { opening } from './steps/opening';
import type { ChangeState } from './steps/state';
import { fencesUp } from './steps/turn';

/** Brings hosts into service, weight after weight, each judged against its peers. The input is checked by the plan. */
export async function nodeOnline(input: unknown, carried?: ChangeState): Promise<Report> {
  const run = Change.begin<OnlineIntent>('nodeOnline', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () =>
      planNodeOnline.executeWithOptions({ summary: 'check the input, look at hosts and balancers' }, [input]),
    );
    if (planned) return planned;
    const { hosts, about } = run.plan.intent;
    if (hosts.length === 0) return { end: 'succeeded', summary: 'nothing to do: every host serves already' };
    if (!run.state.staged) {
      await learnUsual(run, run.plan.observed.peers?.hosts ?? []);
      await fencesUp(run);
    }
    run.state.staged = true;
    run.enter('running', about);
    await oneByOne(run, input, (host) => bringOnline(run, host));
    return done(run);
  });
}

function done(run: Change<OnlineIntent>): Ending {
  const { names, without } = through(run);
  if (names.length === 0)
    throw new ChangeStopped('failed', 'nobody was brought into service: every host was skipped', false);
  const { service } = run.plan.intent;
  return {
    end: 'succeeded',
    summary: `${names.join(', ')} of ${service.name} serves with its full weight${without}`,
  };
}
