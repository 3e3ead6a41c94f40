import type { Account } from '../../contracts/certificate';
import type { Tally, Usual } from '../../contracts/gate';
import type { MaintenanceTimes } from '../../contracts/maintenance';
import type { Plan } from '../../contracts/plan';
import type { HostTraffic, Status } from '../../contracts/status';
import type { Control } from '../../domain/control';
import { newControl } from '../../domain/control';
import { backupStep } from '../../domain/backups/fresh';
import { setsOf, switchStep } from '../../domain/blue-green';
import { closureSteps } from '../../domain/maintenance';
import { newStatus } from '../../domain/new-status';
import { completePlan, completeStatus } from '../../domain/older';
import type { Outbox } from '../../domain/outbox';
import { stepText } from '../../domain/recovery/words';
import type { Turn } from '../../domain/turn';
import { newTurn } from '../../domain/turn';

/** How a step is undone: data, not a closure, so that it survives continue-as-new. Pushed before its step. */
export type UndoEntry =
  | { step: 'putBack'; host: string; weights: Record<string, number> }
  | { step: 'switchBack'; host: string; version: string }
  /** of the host's own files of before, at the version that it runs */
  | { step: 'configBack'; host: string; version: string }
  | { step: 'runBack'; host: string; name: string }
  /** of a host that was taken out of service */
  /** of a host that a recovery took out of one of its services, `name` is that of the step which brings it back */
  | { step: 'serveAgain'; host: string; name: string; service: string; weights: Record<string, number> }
  | { step: 'startBack'; host: string; version: string }
  | { step: 'forgetMark'; host: string }
  /** of the host that test users are sent to */
  | { step: 'forgetTesters'; host: string }
  /** of a host that was brought into service */
  | { step: 'stopAgain'; host: string }
  | { step: 'outAgain'; host: string }
  | { step: 'openDoor'; host: string; name: string }
  | { step: 'lowerFlag'; host: string; name: string }
  /** of all balancers, `host`, together */
  | { step: 'switchBalancersBack'; host: string; name: string };

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
  /** what balancers have counted so far, where the plan says that lost requests are */
  account?: Account;
  /** hosts that failed and were put back, within the budget */
  failed: string[];
  /** absent in what 0.1.0 carried on: it knew no lease */
  turn?: Turn;
  /** people were told that services will be closed, and they are not yet */
  announced?: MaintenanceTimes;
  /** people were told that services are closed, and how long */
  closed?: MaintenanceTimes;
  /** the old set of blue/green is kept warm no longer: nothing goes back to it */
  retired?: true;
  /** what people are to be told; only where the plan names channels */
  outbox?: Outbox;
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
    status: newStatus({ workflow: who.workflow, id: who.id, startedAt: who.startedAt.toISOString() }),
    plan: null,
    control: newControl(),
    undo: [],
    touched: false,
    rounds: {},
    staged: false,
    batchesDone: 0,
    failed: [],
    turn: newTurn(who.changeId),
  };
}

/** A state that an earlier release carried over. */
export function upToDate(state: ChangeState): ChangeState {
  state.failed ??= [];
  completeStatus(state.status);
  if (state.plan) completePlan(state.plan);
  return state;
}

/** Takes a plan into the state; hosts begin as the plan saw them. */
export function adoptPlan(state: ChangeState, plan: Plan): void {
  const { intent, observed } = completePlan(plan);
  state.plan = plan;
  const { leaving } = setsOf(intent);
  Object.assign(state.status, {
    planHash: plan.hash,
    cluster: intent.cluster.name,
    service: intent.service.name,
    version: intent.version ?? null,
    ...(intent.about !== undefined && { about: intent.about }),
    diffs: plan.diffs,
    notes: [...plan.notes, ...(state.turn?.granted?.leftovers ?? [])],
    hosts: intent.hosts.map((host) => {
      const { name } = host;
      const seen = observed.hosts[name];
      const balancers: Record<string, HostTraffic> = { ...seen?.traffic };
      const state = leaving.includes(host) ? 'serving' : 'pending';
      return { name, version: seen?.version ?? 'unknown', state, balancers };
    }),
    steps: [
      ...(intent.backups ?? []).map(({ source, hosts }) => ({
        name: backupStep(source),
        host: hosts.join(', '),
        state: 'pending' as const,
      })),
      ...(intent.runOnce ?? []).map(({ name, when, host }) => ({
        name,
        when,
        host,
        state: 'pending' as const,
      })),
      ...closureSteps(intent.closures ?? []),
      ...(intent.recovery ?? []).map((step) => {
        const { name, host } = step;
        return { name, host, state: 'pending' as const, note: stepText(step) };
      }),
      ...(leaving.length ? [switchStep(intent)] : []),
    ],
  } satisfies Partial<Status>);
}

/** What an entry puts back: a host, or a step that is done once. No two have the same name. */
export function subjectOf(entry: UndoEntry): string {
  return 'name' in entry ? entry.name : entry.host;
}

/** The step behind which nothing can be put back, once it has begun. */
export function pointOfNoReturn({ plan, status, retired }: ChangeState): string | null {
  if (retired) return 'the end of the warm time';
  const without = [
    ...(plan?.intent.runOnce ?? []).filter(({ undo }) => !undo),
    // what came back is never taken away again
    ...(plan?.intent.recovery ?? []).filter(({ kind }) => kind !== 'service'),
  ].map(({ name }) => name);
  return status.steps.find(({ name, state }) => without.includes(name) && state !== 'pending')?.name ?? null;
}
