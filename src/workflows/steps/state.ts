import type { Tally, Usual } from '../../contracts/gate';
import type { Plan } from '../../contracts/plan';
import type { HostTraffic, Status } from '../../contracts/status';
import type { Control } from '../../domain/control';
import { newControl } from '../../domain/control';

/** How a step is undone: data, not a closure, so that it survives continue-as-new. Pushed before its step. */
export type UndoEntry =
  | { step: 'putBack'; host: string; weights: Record<string, number> }
  | { step: 'switchBack'; host: string; version: string };

/** Everything a run knows. Plain JSON: continue-as-new carries it whole. */
export interface ChangeState {
  /** survives resets and continue-as-new; part of every job key */
  changeId: string;
  /** milliseconds; orders changes on the hosts */
  epoch: number;
  status: Status;
  plan: Plan | null;
  control: Control;
  undo: UndoEntry[];
  /** some host was worked on, whether it was put back since or not */
  touched: boolean;
  /** rises when a person retries a host or a step is done again after its undo */
  rounds: Record<string, number>;
  staged: boolean;
  batchesDone: number;
  /** response times before the change, where the plan has a gate */
  usual?: Usual;
  /** what the gate that is at work has counted */
  tally?: Tally | null;
}

export interface Identity {
  workflow: string;
  id: string;
  changeId: string;
  startedAt: Date;
}

export function newState(who: Identity): ChangeState {
  return {
    changeId: who.changeId,
    epoch: who.startedAt.getTime(),
    status: {
      workflow: who.workflow,
      id: who.id,
      phase: 'planning',
      planHash: null,
      cluster: null,
      service: null,
      version: null,
      batch: null,
      hosts: [],
      waitingFor: null,
      leftToDo: [],
      summary: 'planning',
      progress: 0,
      notes: [],
      messages: [],
      startedAt: who.startedAt.toISOString(),
      endedAt: null,
    },
    plan: null,
    control: newControl(),
    undo: [],
    touched: false,
    rounds: {},
    staged: false,
    batchesDone: 0,
  };
}

/** Takes a plan into the state; hosts begin as the plan saw them. */
export function adoptPlan(state: ChangeState, plan: Plan): void {
  const { intent, observed } = plan;
  state.plan = plan;
  Object.assign(state.status, {
    planHash: plan.hash,
    cluster: intent.cluster.name,
    service: intent.service.name,
    version: intent.version,
    notes: plan.notes,
    hosts: intent.hosts.map(({ name }) => {
      const seen = observed.hosts[name];
      const balancers: Record<string, HostTraffic> = { ...seen?.traffic };
      return { name, version: seen?.version ?? 'unknown', state: 'pending', balancers };
    }),
  } satisfies Partial<Status>);
}
