/** How a recovery goes through its stages. */
import type { DisasterIntent } from '../../contracts/plan';
import { STAGES, type Recovered, type RecoveryStep, type Stage } from '../../contracts/recovery';
import { announce } from './announce';
import { askAbout } from './ask';
import { boundary } from './boundary';
import { type Change, ChangeStopped } from './change';
import { badState, HostFailed, hostFailed } from './host-failure';
import { goOnAnew, isLong } from './long';
import { isOut, outOf } from './recover-rotation';
import { recover } from './recover-steps';
import { walk } from './walk';

type Recovery = Change<DisasterIntent>;

/** Hosts on which something comes back at the same time: more would wait for the store. */
const WIDTH = 4;

/**
 * Brings back stage after stage. A step that fails holds up nothing but its own host: when all others are through, a person is
 * asked about it, and what waits behind it follows.
 */
export async function recoverAll(run: Recovery, input: unknown): Promise<void> {
  for (;;) {
    for (const stage of STAGES) await recoverStage(run, stage, input);
    const failed = run.plan.intent.recovery.filter(({ name }) => hasFailed(run, name));
    if (failed.length === 0) return;
    for (const step of failed) await settle(run, step);
  }
}

async function recoverStage(run: Recovery, stage: Stage, input: unknown): Promise<void> {
  const left = () =>
    run.plan.intent.recovery.filter((step) => (step.turn ?? step.stage) === stage && isToDo(run, step));
  while (left().length > 0) {
    if (isLong()) await goOnAnew(run, input);
    await boundary(run);
    run.enter('running', `bringing back: ${stage}`);
    const others = left().filter(({ turn }) => turn === undefined);
    const [steps, width] = others.length > 0 ? [others, WIDTH] : [left(), 1];
    const { failures } = await walk(byHost(steps), width, (all) => oneByOne(run, all), isLong);
    for (const { error } of failures) throw error;
  }
}

const serves = (run: Recovery, host: string) =>
  run.plan.intent.recovery.some((step) => step.host === host && step.turn !== undefined);

const hasFailed = (run: Recovery, name: string) =>
  ['failed', 'unreachable'].includes(run.stepStatus(name).state);

/** Where something has failed, what comes after it may need it; while one that served is out with it, no other one leaves. */
function isToDo(run: Recovery, { name, host }: RecoveryStep): boolean {
  if (['done', 'skipped'].includes(run.stepStatus(name).state)) return false;
  const failed = run.status.steps.flatMap((step) =>
    step.host !== undefined && hasFailed(run, step.name) ? [step.host] : [],
  );
  if (failed.includes(host)) return false;
  if (!serves(run, host) || isOut(run, host)) return true;
  return !failed.some((other) => serves(run, other) && isOut(run, other));
}

/** One thing at a time on each host. */
function byHost(steps: readonly RecoveryStep[]): RecoveryStep[][] {
  const hosts = [...new Set(steps.map(({ host }) => host))];
  return hosts.map((host) => steps.filter((step) => step.host === host));
}

async function oneByOne(run: Recovery, steps: readonly RecoveryStep[]): Promise<void> {
  for (const step of steps) {
    await boundary(run);
    if (run.state.control.skips.includes(step.host)) run.noteStep(step.name, { state: 'skipped' });
    else if (isToDo(run, step)) await attempt(run, step);
  }
}

async function attempt(run: Recovery, step: RecoveryStep): Promise<void> {
  const { name, host } = step;
  const begun = Date.now();
  run.state.touched = true;
  run.noteStep(name, { state: 'running', note: undefined });
  run.note(host, { state: 'changing' });
  run.doing.inFlight.add(host);
  try {
    const { how, aside = [], at, fault, installed } = await recover(run, step);
    const lost = at === undefined ? undefined : lostBefore(run, at);
    const seconds = Math.round((Date.now() - begun) / 1_000);
    const more = { ...(installed && { installed }), ...(lost !== undefined && { lostSeconds: lost }) };
    noteRecovered(run, { name, seconds, how, aside, ...more });
    run.happened(`${name}: ${how}`);
    if (fault !== undefined) throw new HostFailed(host, 'failed', fault);
    run.noteStep(name, { state: 'done', note: how });
    noteHost(run, host);
  } catch (error) {
    if (error instanceof ChangeStopped) throw error;
    failed(run, step, hostFailed(host, error));
  } finally {
    run.doing.inFlight.delete(host);
  }
}

/** Seconds of work that were written after that moment, and are gone. */
function lostBefore(run: Recovery, at: string): number {
  const since = Date.parse(run.status.recovery?.since ?? '');
  return Math.round(Math.max(0, since - Date.parse(at)) / 1_000);
}

/** One that brought back a part, and was tried again, is one step. */
function noteRecovered(run: Recovery, step: Recovered): void {
  const { steps = [] } = run.status.recovery ?? {};
  const before = steps.find(({ name }) => name === step.name);
  if (!before) return void steps.push(step);
  const { seconds, how, aside, installed = [] } = before;
  Object.assign(before, step, {
    seconds: seconds + step.seconds,
    how: how === step.how ? how : `${how}; then ${step.how}`,
    aside: [...new Set([...aside, ...step.aside])],
    ...(step.installed && { installed: [...new Set([...installed, ...step.installed])] }),
  });
}

function failed(run: Recovery, { name, host }: RecoveryStep, failure: HostFailed): void {
  run.noteStep(name, { state: badState(failure), note: failure.message });
  run.note(host, { state: badState(failure), note: failure.message });
  if (failure.kind === 'fenced')
    throw new ChangeStopped('failed', `${failure.message}; it is left to the newer change`, false);
  announce(run, 'hostFailed', { host, why: failure.message });
}

async function settle(run: Recovery, { name, host }: RecoveryStep): Promise<void> {
  const { note = '' } = run.stepStatus(name);
  if (run.plan.intent.settings.onFailure !== 'ask') throw new ChangeStopped('failed', note, 'asPlanned');
  const what = `${name} waits for you. ${note}. Try again, leave it as it is (skip), or abort?`;
  const answer = await askAbout(run, { step: name }, what);
  run.state.rounds[name] = (run.state.rounds[name] ?? 0) + 1;
  if (answer === 'skip') {
    run.noteStep(name, { state: 'skipped' });
    run.status.leftToDo.push({ host, what: `${name} was left as it is: ${note}` });
    provenAgain(run, host);
  } else run.noteStep(name, { state: 'pending' });
  noteHost(run, host);
}

/** They waited for the one that is left as it is: they are proven once more, and come back. */
function provenAgain(run: Recovery, host: string): void {
  for (const step of run.plan.intent.recovery) {
    const waits = step.kind === 'service' && step.host === host && outOf(run, step.name);
    if (waits && run.stepStatus(step.name).state === 'done') run.noteStep(step.name, { state: 'pending' });
  }
}

/** A host is done when all its steps are. */
function noteHost(run: Recovery, name: string): void {
  const states = run.status.steps.filter(({ host }) => host === name).map(({ state }) => state);
  const isOver = states.every((state) => state === 'done' || state === 'skipped');
  if (!isOver) return;
  run.note(name, { state: states.includes('skipped') ? 'skipped' : 'done', note: undefined });
}
