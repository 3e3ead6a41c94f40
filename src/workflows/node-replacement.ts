import type { PlannedHost, RampIntent, ReplacementIntent } from '../contracts/plan';
import type { Report } from '../contracts/status';
import { planNodeReplacement } from './steps/activities';
import { announce } from './steps/announce';
import { bringOnline } from './steps/bring-online';
import { Change, ChangeStopped } from './steps/change';
import { conduct } from './steps/conduct';
import { learnUsual } from './steps/gate';
import { stayHealthy, takeOut, weightsOf } from './steps/host-steps';
import { oneByOne } from './steps/one-by-one';
import { opening } from './steps/opening';
import { markHost, proveEqual } from './steps/service-steps';
import type { ChangeState } from './steps/state';
import { takeOffline } from './steps/take-offline';
import { fencesUp } from './steps/turn';
import { willUndo } from './steps/undo';

type Replacement = Change<ReplacementIntent>;

/**
 * Puts a new host in the place of an old one, which leaves only when the new one carries its full weight; or takes a
 * host that does harm out at once. The input is checked by the plan.
 */
export async function nodeReplacement(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: Replacement = Change.begin('nodeReplacement', carried);
  return conduct(run, async () => {
    const planned = await opening(run, () =>
      planNodeReplacement.executeWithOptions({ summary: 'check the input, look at hosts and balancers' }, [
        input,
      ]),
    );
    if (planned) return planned;
    const { replaces, about } = run.plan.intent;
    if (!run.state.staged) {
      await learnUsual(run, run.plan.observed.peers?.hosts ?? []);
      await fencesUp(run);
    }
    run.state.staged = true;
    run.enter('running', about);
    if (replaces.mode === 'emergency') return outAtOnce(run, input);
    const [coming, leaving] = run.plan.intent.hosts as [PlannedHost, PlannedHost];
    await oneByOne(run, input, (host) => (host === coming ? comeIn(run, host) : leave(run, host, coming)));
    if (run.host(leaving.name).state !== 'done')
      throw new ChangeStopped('failed', `${leaving.name} was left where it is`, 'asPlanned');
    await takesAll(run, coming);
    const { service } = run.plan.intent;
    return {
      end: 'succeeded',
      summary: `${coming.name} of ${service.name} serves in the place of ${leaving.name}`,
    };
  });
}

/** Equal to the old one by checksums, then weight after weight. */
async function comeIn(run: Replacement, host: PlannedHost): Promise<void> {
  const { replaces } = run.plan.intent;
  if (replaces.sums) await proveEqual(run, host, replaces.sums);
  await bringOnline(run as Change<ReplacementIntent & RampIntent>, host);
}

async function leave(run: Replacement, host: PlannedHost, coming: PlannedHost): Promise<void> {
  // a person may have left the new one out
  if (run.host(coming.name).state !== 'done')
    throw new ChangeStopped('failed', `${host.name} stays: ${coming.name} did not come in`, 'asPlanned');
  await takeOffline(run, host);
}

async function takesAll(run: Replacement, coming: PlannedHost): Promise<void> {
  const { watchSeconds = 0 } = run.plan.intent.settings;
  const what = `${coming.name} carries it alone: watching for ${watchSeconds} s`;
  run.enter('watching', what);
  await stayHealthy(run, [coming], watchSeconds, what);
}

/** Nothing is waited for: neither requests, nor the host itself, which may be dead. */
async function outAtOnce(run: Replacement, input: unknown) {
  const { outFor, service } = run.plan.intent;
  await oneByOne(run, input, async (host) => {
    const { name } = host;
    const traffic = run.plan.observed.hosts[name]?.traffic ?? {};
    const weights = weightsOf(traffic);
    willUndo(run, { step: 'putBack', host: name, weights });
    await takeOut(run, host, 'force');
    const since = new Date().toISOString();
    await markHost(run, host, { ...outFor, since, change: run.status.id, weights });
    announce(run, 'alert', {
      what: `${name} of ${service.name} was taken out of rotation: ${outFor.reason}`,
      since,
      effect: 'requests go to the other hosts',
      expected: `somebody looks at ${name}; nodeOnline brings it back`,
    });
  });
  const out = run.plan.intent.hosts.filter(({ name }) => run.host(name).state === 'done');
  if (out.length === 0) throw new ChangeStopped('failed', 'the host was left in rotation', false);
  const names = out.map(({ name }) => name).join(', ');
  return {
    end: 'succeeded' as const,
    summary: `${names} of ${service.name} is out of rotation: ${outFor.reason}`,
  };
}
