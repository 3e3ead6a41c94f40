import type { Mistake } from '../contracts/failures';
import type { RunOnce } from '../contracts/inputs/rolling-upgrade';
import type { PlannedRunOnce } from '../contracts/plan';
import { unknownName } from './mistakes';

export interface RunOncePlan {
  steps: PlannedRunOnce[];
  notes: string[];
  mistakes: Mistake[];
}

const TIMES: RunOnce['when'][] = ['before', 'beforeSwitch', 'after'];

/** `before the hosts`, `before the switch` */
export function onceText(when: RunOnce['when']): string {
  return when === 'beforeSwitch' ? 'before the switch' : `${when} the hosts`;
}

/**
 * Fixes where each step that is done once runs, and says where there is no way back.
 *
 * @param hosts the hosts of the change, in order; the first one is the default place
 * @param known all hosts of the cluster
 */
export function planRunOnce(
  wanted: readonly RunOnce[],
  hosts: readonly string[],
  known: readonly string[],
): RunOncePlan {
  const plan: RunOncePlan = { steps: [], notes: [], mistakes: [] };
  const names = wanted.map(({ name }) => name);
  wanted.forEach(({ host = hosts[0], undo = null, ...step }, index) => {
    const mistake = (field: string, code: string, value: string, rule: string) =>
      plan.mistakes.push({ code, path: `runOnce.${index}.${field}`, value, rule });
    if (names.indexOf(step.name) !== index) mistake('name', 'twice', step.name, 'each name once');
    if (known.includes(step.name))
      mistake('name', 'nameTaken', step.name, 'a host has this name; messages could not tell them apart');
    if (host === undefined) return;
    if (!known.includes(host)) plan.mistakes.push(unknownName(`runOnce.${index}.host`, host, known));
    plan.steps.push({ ...step, host, undo });
  });
  plan.steps.sort((one, other) => TIMES.indexOf(one.when) - TIMES.indexOf(other.when));
  const noReturn = plan.steps.find(({ undo }) => !undo);
  if (noReturn)
    plan.notes.push(
      `point of no return: ${noReturn.name} (${onceText(noReturn.when)}) has no undo; behind it a failure leaves everything as it stands`,
    );
  return plan;
}
