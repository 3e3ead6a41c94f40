import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { CommonInput } from '../../contracts/inputs/common';
import type { Plan } from '../../contracts/plan';
import type { Difference } from '../../domain/differences';
import { differences } from '../../domain/differences';
import { badInput } from '../../domain/mistakes';
import { digestOf } from '../../domain/plan-hash';

/** A failure must stay small enough for a list; the first differences say what has happened. */
const MOST = 50;

/** What a digest stands for, since nobody knows one by sight. */
const STANDS_FOR: Record<string, string> = {
  'cluster.digest': 'the cluster file says something else',
  'artifact.sha256': 'the artifact holds other bytes',
  'previousArtifact.sha256': 'the previous artifact holds other bytes',
};

/**
 * Lets a plan pass that is the one which was asked for, or when none was.
 *
 * @throws PlanChanged with what is different now, BadInput when the two fields do not belong together
 */
export function refuseUnlessPlanned(
  { planHash, planned }: Pick<CommonInput, 'planHash' | 'planned'>,
  plan: Plan,
): void {
  if (planned !== undefined && digestOf(planned) !== planHash) throw badInput([notOneAnothers(planHash)]);
  if (planHash === undefined || planHash === plan.hash) return;
  const found = planned === undefined ? [] : differences(planned, plan.intent);
  const mistakes = found.length > 0 ? found.slice(0, MOST).map(asMistake) : [byHash(planHash, plan.hash)];
  const lines = mistakes.map(({ path, value, rule }) => `${path}: ${value}: ${rule}`);
  if (found.length > MOST) lines.push(`and ${found.length - MOST} more`);
  const words = `the plan is not true any more: ${planHash.slice(0, 12)} was asked for, and it would be ${plan.hash.slice(0, 12)}; nothing was touched`;
  throw new PawlError('PlanChanged', [words, ...lines].join('\n'), { mistakes, planHash: plan.hash });
}

function asMistake({ path, before = 'nothing', after = 'nothing' }: Difference): Mistake {
  const why = STANDS_FOR[path];
  return {
    code: 'planChanged',
    path,
    value: after,
    rule: why ?? `was ${before} when it was planned`,
  };
}

function byHash(wanted: string, found: string): Mistake {
  return {
    code: 'planChanged',
    path: 'planHash',
    value: wanted,
    rule: `the plan is ${found} now; plan again, or leave planHash out`,
  };
}

function notOneAnothers(planHash: string | undefined): Mistake {
  return {
    code: 'invalid',
    path: 'planned',
    value: 'a map',
    rule:
      planHash === undefined ? 'needs its planHash beside it' : 'is not the intent that planHash stands for',
  };
}
