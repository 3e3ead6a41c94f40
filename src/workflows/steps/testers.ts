/** Test users: they get the new version as soon as one host has it, and are like all others when all hosts have it. */
import type { RolloutIntent } from '../../contracts/plan';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { hostFailed } from './host-failure';
import { steerNowhere, steerTesters } from './steer';
import { willUndo } from './undo';

/** To the first host that carries the change, unless they go to one already. */
export async function steerToChanged(run: Change<RolloutIntent>): Promise<void> {
  const { testers, hosts } = run.plan.intent;
  const host = hosts.find(({ name }) => run.host(name).state === 'done');
  if (!testers || !host || run.state.undo.some(({ step }) => step === 'forgetTesters')) return;
  willUndo(run, { step: 'forgetTesters', host: host.name });
  try {
    await steerTesters(run, host);
  } catch (error) {
    throw new ChangeStopped('failed', `test users: ${hostFailed(host.name, error).message}`, 'asPlanned');
  }
  run.status.notes.push(`test users go to ${host.name}`);
}

/** All hosts have the change: that they still go to one of them does no harm. */
export async function forgetTesters(run: Change): Promise<void> {
  const entry = run.state.undo.find(({ step }) => step === 'forgetTesters');
  if (!entry) return;
  const why = await steerNowhere(run);
  if (why) run.status.leftToDo.push({ what: `test users still go to one host only: ${why}` });
  else run.state.undo = run.state.undo.filter((known) => known !== entry);
}
