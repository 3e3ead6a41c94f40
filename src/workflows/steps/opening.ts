/** How every change begins: a plan, its turn, a yes where the plan wants one. Nothing is touched by then. */
import type { Plan } from '../../contracts/plan';
import { announceBegin } from './announce';
import { approval } from './ask';
import { boundary } from './boundary';
import type { Change } from './change';
import type { Ending } from './conduct';
import { adoptPlan } from './state';
import { takeTurn } from './turn';

/** What the plan activity of a change gives. */
export interface Made {
  plan: Plan;
  dryRun: boolean;
}

/**
 * Brings a change to where it may touch its hosts. A run that goes on from another one finds that done.
 *
 * @param makePlan looks at the world and checks the input; asked again when others may have changed something
 * @returns the end of a change that was only to be planned
 */
export async function opening(run: Change, makePlan: () => Promise<Made>): Promise<Ending | undefined> {
  const { state } = run;
  if (!state.plan) {
    const { plan, dryRun } = await makePlan();
    adoptPlan(state, plan);
    if (dryRun) return { end: 'planned', summary: `planned: ${plan.intent.hosts.length} hosts` };
  }
  if (state.staged) return undefined;
  await takeTurn(run, () => replan(run, makePlan));
  const begun = run.status.hosts.some((host) => host.state === 'staged');
  if (begun || run.plan.intent.hosts.length === 0) return undefined;
  await approveBefore(run, makePlan);
  announceBegin(run);
  run.ledger.look();
  return undefined;
}

async function replan(run: Change, makePlan: () => Promise<Made>): Promise<void> {
  const { plan } = await makePlan();
  adoptPlan(run.state, plan);
}

/** Waits for the yes; if the world made the plan another one meanwhile, the yes was for the old one. */
async function approveBefore(run: Change, makePlan: () => Promise<Made>): Promise<void> {
  await boundary(run);
  while (run.plan.intent.settings.approvals.includes('before')) {
    await approval(run, 'before', `approve plan ${run.plan.hash.slice(0, 12)} before anything is touched`);
    const { plan } = await makePlan();
    if (plan.hash === run.plan.hash) return;
    adoptPlan(run.state, plan);
    run.status.notes.push('the plan changed while it waited; earlier approvals are void');
    delete run.state.control.decisions.before;
    await takeTurn(run, () => replan(run, makePlan));
  }
}
