/** Hosts leave the rotation of all their services before anything on them is changed, and come back when these are proven. */
import type { StepOf } from '../../contracts/recovery';
import { STEP_NAMES } from '../../domain/recovery/steps';
import { hostSteps, lookAtHosts } from './activities';
import type { Change } from './change';
import { HostFailed } from './host-failure';
import { patiently, weightsOf } from './host-steps';
import { memberOf, secondsOf, steps, type Recovery } from './recover-tools';
import type { UndoEntry } from './state';

/** Out of rotation of all its services, before anything on it is changed. */
export async function leave(run: Recovery, name: string): Promise<void> {
  const { services } = run.plan.intent;
  for (const [service, planned] of Object.entries(services)) {
    const host = memberOf(run, service, name);
    const step = STEP_NAMES.service(service, name);
    if (!host || host.places.length === 0 || outOf(run, step)) continue;
    const [seen] = await lookAtHosts.executeWithOptions({ summary: `${name}: its weights in ${service}` }, [
      { change: run.ref, service: planned, hosts: [host] },
    ]);
    const weights = weightsOf(seen?.balancers ?? {});
    run.state.undo.push({ step: 'serveAgain', host: name, name: step, service, weights });
    const { drain } = run.plan.intent.settings;
    const { takeOut } = steps(run, secondsOf(run, planned).takeOut);
    const input = { cap: capOf(run, service), away: [], deadlineSeconds: drain.deadlineSeconds, force: true };
    const { traffic } = await patiently(
      run,
      name,
      () =>
        takeOut.executeWithOptions({ summary: `${name}: drain, then out of rotation of ${service}` }, [
          { change: run.ref, service: planned, host, ...input },
        ]),
      (failure) => run.note(name, { note: failure?.message }),
    );
    run.note(name, { balancers: traffic });
  }
}

/** Those that are damaged serve nobody; of those that serve one leaves at a time. */
function capOf(run: Recovery, service: string): number {
  const hosts = run.plan.intent.members[service] ?? [];
  const damaged = (run.status.recovery?.before ?? []).filter(
    ({ is, subject, host }) =>
      is === 'damaged' && subject.kind === 'service' && hosts.some(({ name }) => name === host),
  );
  return damaged.length + 1;
}

/** Back into rotation, where it was taken out. */
export async function serveAgain(run: Recovery, { name }: StepOf<'service'>): Promise<void> {
  const entry = outOf(run, name);
  if (!entry) return;
  await backInto(run, entry);
  run.state.undo = run.state.undo.filter((one) => one !== entry);
}

type ServeAgain = UndoEntry & { step: 'serveAgain' };

/** Exactly up on every balancer, with its weights. */
export async function backInto(
  run: Change,
  { service: name, host, weights, name: step }: ServeAgain,
): Promise<void> {
  const { services = {}, settings } = run.plan.intent;
  const service = services[name];
  const at = memberOf(run, name, host);
  if (!service || !at) throw new HostFailed(host, 'failed', `${name} is not in the plan`);
  const { putBack } = hostSteps(secondsOf(run, service).putBack, settings.unreachableSeconds);
  const { traffic } = await patiently(
    run,
    step,
    () =>
      putBack.executeWithOptions({ summary: `${host}: back into rotation of ${name}` }, [
        { change: run.ref, service, host: at, weights },
      ]),
    (failure) => run.noteStep(step, { note: failure?.message }),
  );
  run.note(host, { balancers: traffic });
}

export const outOf = (run: Recovery, name: string) =>
  run.state.undo.find((one): one is ServeAgain => one.step === 'serveAgain' && one.name === name);
