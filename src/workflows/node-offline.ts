import type { OfflineIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planNodeOffline } from './steps/activities';
import { Change, ChangeStopped } from './steps/change';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { oneByOne, through } from './steps/one-by-one';
import { opening } from './steps/opening';
import type { ChangeState } from './steps/state';
import { takeOffline } from './steps/take-offline';
import { fencesUp } from './steps/turn';

/** Takes hosts out of service for as long as people want, without losing a request. The input is checked by the plan. */
export async function nodeOffline(input: unknown, carried?: ChangeState): Promise<Report> {
  const run = Change.begin<OfflineIntent>('nodeOffline', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () =>
      planNodeOffline.executeWithOptions({ summary: 'check the input, look at hosts and balancers' }, [
        input,
      ]),
    );
    if (planned) return planned;
    const { hosts, about } = run.plan.intent;
    if (hosts.length === 0)
      return { end: 'succeeded', summary: 'nothing to do: every host is out of service already' };
    if (!run.state.staged) await fencesUp(run);
    run.state.staged = true;
    run.enter('running', about);
    await oneByOne(run, input, (host) => takeOffline(run, host));
    return done(run);
  });
}

function done(run: Change<OfflineIntent>): Ending {
  const { names, without } = through(run);
  if (names.length === 0)
    throw new ChangeStopped('failed', 'nobody was taken out of service: every host was skipped', false);
  const { service, outFor } = run.plan.intent;
  const summary = `${names.join(', ')} of ${service.name} is out of service: ${outFor.reason}${without}`;
  return { end: 'succeeded', summary };
}
