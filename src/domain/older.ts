/** What earlier releases wrote lacks what came later: the rest of the code knows the newest shapes only. */
import type { Plan, PlannedBatch } from '../contracts/plan';
import type { Status } from '../contracts/status';

export function completeStatus<S extends Status>(status: S): S {
  status.steps ??= [];
  return status;
}

/** A plan of 0.1.0 asks for nothing that 0.1.0 did not do; batches were lists of names up to 0.3.0. */
export function completePlan(plan: Plan): Plan {
  const { intent } = plan;
  if (intent.batches)
    intent.batches = intent.batches.map((batch: PlannedBatch | string[]) =>
      Array.isArray(batch) ? { adds: batch } : batch,
    );
  intent.runOnce ??= [];
  intent.settings.failureBudget ??= 0;
  intent.settings.progressDeadlineSeconds ??= 0;
  return plan;
}
