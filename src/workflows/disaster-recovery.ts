import type { DisasterIntent, PlannedHost } from '../contracts/plan';
import type { Looked } from '../contracts/recovery';
import type { Report } from '../contracts/status';
import { count } from '../domain/amounts';
import { p95LimitMs } from '../domain/judge';
import { answersText, lookedText, newlyOpen, recoveredText, stillDamaged } from '../domain/recovery/words';
import { lookForDamage, planDisasterRecovery } from './steps/activities';
import { Change } from './steps/change';
import type { Ending } from './steps/conduct';
import { conduct } from './steps/conduct';
import { outLeft } from './steps/left';
import { usualOf } from './steps/gate';
import { opening } from './steps/opening';
import { recoverAll } from './steps/recover';
import type { ChangeState } from './steps/state';
import { fencesUp } from './steps/turn';

type Recovery = Change<DisasterIntent>;

/**
 * Brings back what is damaged and nothing else, in the order of its priority. What was there is set aside, never deleted.
 * The input is checked by the plan, which measures the damage.
 */
export async function disasterRecovery(input: unknown, carried?: ChangeState): Promise<Report> {
  const run: Recovery = Change.begin('disasterRecovery', carried);
  return conduct(run, async () => {
    if (!carried) run.enter('planning', 'measuring what is damaged');
    const planned = await opening(run, () => makePlan(input));
    if (planned) return planned;
    if (!run.state.staged) {
      begin(run);
      await fencesUp(run);
    }
    await recoverAll(run, input);
    await lookAgain(run);
    await measureAnswers(run);
    return endOf(run);
  });
}

function makePlan(input: unknown) {
  const summary = 'check the input, measure what is damaged';
  return planDisasterRecovery.executeWithOptions({ summary }, [input]);
}

function begin(run: Recovery): void {
  const { intent, observed } = run.plan;
  const { damage: before = [], at } = observed;
  run.state.staged = true;
  const begunAt = new Date().toISOString();
  run.status.recovery = { since: intent.since ?? at, begunAt, before, steps: [] };
}

/** Integrity and function, measured the same way as the damage. */
async function lookAgain(run: Recovery): Promise<void> {
  const { recovery } = run.status;
  if (!recovery || recovery.before.length === 0) return;
  run.enter('watching', 'looking at everything again');
  const hosts = [...new Set(recovery.before.map(({ host }) => host))];
  const summary = 'measure what is damaged still';
  recovery.after = await lookForDamage.executeWithOptions({ summary }, [
    { change: run.ref, cluster: run.ref.cluster, hosts },
  ]);
}

/** Performance: recovered hosts beside those that were never damaged. */
async function measureAnswers(run: Recovery): Promise<void> {
  const { recovery } = run.status;
  const { probes, members } = run.plan.intent;
  if (!recovery) return;
  recovery.answers = [];
  for (const [name, { limits, others }] of Object.entries(probes)) {
    const p95Ms = await p95(run, name, members[name]!);
    const othersMs = others.length > 0 ? await p95(run, name, others) : null;
    const limit = p95LimitMs({ p95Ms: othersMs, from: 'hosts that were not damaged' }, limits);
    const slow = p95Ms !== null && limit !== null && p95Ms > limit;
    recovery.answers.push({ service: name, p95Ms, othersMs, slow });
  }
}

async function p95(run: Recovery, name: string, hosts: PlannedHost[]): Promise<number | null> {
  const { probes, services } = run.plan.intent;
  const input = { change: run.ref, service: services[name]!, limits: probes[name]!.limits, hosts };
  const summary = `how long answers of ${name} take on ${hosts.map((host) => host.name).join(', ')}`;
  return (await usualOf(summary, input)).p95Ms;
}

/** What is damaged still makes a failure of it, whatever came back. */
function endOf(run: Recovery): Ending {
  const { recovery, leftToDo } = run.status;
  if (!recovery || recovery.steps.length + recovery.before.filter(isDamaged).length === 0) return NOTHING;
  const still = stillDamaged(recovery.before, recovery.after ?? []);
  leftToDo.push(
    ...outLeft(run),
    ...still.map((one) => ({ host: one.host, what: `still damaged: ${lookedText(one)}` })),
    ...newlyOpen(recovery.before, recovery.after ?? []).map((one) => ({
      host: one.host,
      what: lookedText(one),
    })),
    ...(recovery.answers ?? []).filter(({ slow }) => slow).map((one) => ({ what: answersText(one) })),
  );
  const text = recoveredText(recovery, new Date().toISOString());
  const came = recovery.steps.length > 0 ? `came back: ${text}` : 'nothing here mends that';
  if (still.length > 0)
    return { end: 'failed', summary: `${count(still.length, 'thing')} damaged still; ${came}` };
  run.status.progress = 1;
  return { end: 'succeeded', summary: `recovered: ${text}` };
}

const NOTHING: Ending = { end: 'succeeded', summary: 'nothing is damaged' };

const isDamaged = ({ is }: Looked) => is === 'damaged';
