/** Hosts leave the rotation of all their services before anything on them is changed, and come back when these are proven. */
import type { StepOf } from '../../contracts/recovery';
import { STEP_NAMES } from '../../domain/recovery/steps';
import { hostSteps, lookAtHosts } from './activities';
import type { Change } from './change';
import { HostFailed } from './host-failure';
import { patiently, weightsOf } from './host-steps';
import { memberOf, noteService, secondsOf, steps, type Recovery } from './recover-tools';
import type { UndoEntry } from './state';

/** Out of rotation of all its services, before anything on it is changed; of one that is out already that is only asserted. */
export async function leave(run: Recovery, name: string): Promise<void> {
  for (const service of Object.keys(run.plan.intent.services)) await leaveOne(run, service, name);
}

async function leaveOne(run: Recovery, service: string, name: string): Promise<void> {
  const planned = run.plan.intent.services[service]!;
  const host = memberOf(run, service, name);
  const step = STEP_NAMES.service(service, name);
  if (!host || host.places.length === 0) return;
  if (!outOf(run, step)) {
    const [seen] = await lookAtHosts.executeWithOptions({ summary: `${name}: its weights in ${service}` }, [
      { change: run.ref, service: planned, hosts: [host] },
    ]);
    const weights = weightsOf(seen?.balancers ?? {});
    run.state.undo.push({ step: 'serveAgain', host: name, name: step, service, weights });
  }
  const { drain } = run.plan.intent.settings;
  const { takeOut } = steps(run, secondsOf(run, planned).takeOut);
  const input = { cap: capOf(run, service, name), deadlineSeconds: drain.deadlineSeconds, force: true };
  const { traffic } = await patiently(
    run,
    name,
    () =>
      leaving(run, name, (others) => {
        const away = others.filter((other) => memberOf(run, service, other));
        return takeOut.executeWithOptions({ summary: `${name}: drain, then out of rotation of ${service}` }, [
          { change: run.ref, service: planned, host, ...input, away },
        ]);
      }),
    (failure) => run.note(name, { note: failure?.message }),
  );
  noteService(run, service, name, { traffic });
}

/** Two that leave at the same moment would each take the other one for one that stays; then balancers say who is out. */
async function leaving<T>(run: Recovery, name: string, work: (others: string[]) => Promise<T>): Promise<T> {
  const others = [...run.away].filter((other) => other !== name);
  run.away.add(name);
  try {
    return await work(others);
  } finally {
    run.away.delete(name);
  }
}

/** Who serves nobody counts for nothing; of those that serve one leaves at a time. */
function capOf(run: Recovery, service: string, name: string): number {
  const gone = (run.status.recovery?.before ?? []).filter(
    ({ host, subject, is, out }) =>
      subject.kind === 'service' &&
      subject.service === service &&
      host !== name &&
      (out || isLeftOut(run, service, host) || (is !== 'well' && !isBack(run, service, host))),
  );
  return gone.length + 1;
}

const serviceState = (run: Recovery, service: string, host: string) =>
  run.status.steps.find(({ name }) => name === STEP_NAMES.service(service, host))?.state;
const isBack = (run: Recovery, service: string, host: string) =>
  serviceState(run, service, host) === 'done' && !outOf(run, STEP_NAMES.service(service, host));
/** A person has said that it stays as it is. */
const isLeftOut = (run: Recovery, service: string, host: string) =>
  serviceState(run, service, host) === 'skipped';

export const isOut = (run: Recovery, name: string) =>
  run.state.undo.some(({ step, host }) => step === 'serveAgain' && host === name);

/** Back into rotation of all that is proven, behind the last of its services: each of them may take it out of all. */
export async function serveAgain(run: Recovery, { name: last, host }: StepOf<'service'>): Promise<void> {
  const own = run.plan.intent.recovery.filter((step) => step.kind === 'service' && step.host === host);
  const stateOf = (name: string) => (name === last ? 'done' : run.stepStatus(name).state);
  if (own.some(({ name }) => !['done', 'skipped'].includes(stateOf(name)))) return;
  for (const { name } of own) if (stateOf(name) === 'done') await putBackInto(run, name);
}

/** Where it was taken out. */
export async function putBackInto(run: Recovery, name: string): Promise<void> {
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
  noteService(run, name, host, { traffic });
}

export const outOf = (run: Recovery, name: string) =>
  run.state.undo.find((one): one is ServeAgain => one.step === 'serveAgain' && one.name === name);
