import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Message } from '../../contracts/messages';
import type { Intent, Plan, PlannedHost } from '../../contracts/plan';
import type { HostState, HostStatus, Phase, Status, StepStatus } from '../../contracts/status';
import type { Held } from '../../contracts/lease';
import { changeText } from '../../domain/about';
import type { Gate, Moment } from '../../domain/control';
import { applyMessage, judgeMessage } from '../../domain/control';
import type { Turn } from '../../domain/turn';
import { happened, hostText } from '../../domain/timeline';
import { newTurn } from '../../domain/turn';
import { statusMarkdown } from '../../render/markdown';
import { dropForeign, publish } from './attributes';
import { callRollback } from './call-rollback';
import { ProgressClock } from './clock';
import type { Route } from './courier';
import { Courier } from './courier';
import { Doing } from './doing';
import { Ledger } from './ledger';
import { listenToLease } from './lease-signals';
import { listen } from './messages';
import type { ChangeState } from './state';
import { newState, pointOfNoReturn, upToDate } from './state';

/** Thrown inside a run to leave its steps; `conduct` turns it into an undo and an end. */
export class ChangeStopped extends Error {
  constructor(
    readonly why: 'aborted' | 'failed',
    message: string,
    readonly undo: boolean | 'asPlanned',
  ) {
    super(message);
  }
}

/** Lost requests are looked for when a host leaves one of these; in the others it gets none, and goes on at once. */
const LOOKED_AFTER: readonly HostState[] = [
  'staged',
  'serving',
  'draining',
  'checking',
  'ramping',
  'undoing',
  'done',
];

export const statusQuery = defineQuery<Status>('status');
const stateQuery = defineQuery<ChangeState>('state');
const holdingQuery = defineQuery<Partial<Held> | null>('holding');

/**
 * A running change: its state, how it shows it, the messages that reach it, and what stops it.
 *
 * @typeParam I what its plan is about; the steps that all changes share know the common part only
 */
export class Change<I extends Intent = Intent> {
  readonly doing = new Doing();
  /** hosts that this change has taken out of rotation, or is about to */
  readonly away = new Set<string>();
  readonly clock = new ProgressClock();
  readonly courier = new Courier(() => this.route());
  readonly ledger = new Ledger(this);
  private stalled: string | null = null;
  private readonly interruptible = new Set<CancellationScope>();
  private readonly handingOver = new Set<CancellationScope>();
  /** ends, with an error if there was one, when earlier changes are locked out */
  fences: Promise<unknown> | undefined;

  private constructor(readonly state: ChangeState) {}

  /** Sets all handlers, before the first wait. */
  static begin<I extends Intent = Intent>(workflow: string, carried?: ChangeState): Change<I> {
    const info = workflowInfo();
    const changeId = `${info.workflowId}/${info.firstExecutionRunId}`;
    const change = new Change<I>(
      carried
        ? upToDate(carried)
        : newState({ workflow, id: info.workflowId, changeId, startedAt: info.startTime }),
    );
    setHandler(statusQuery, () => change.status, { description: 'Phase, hosts, and what is waited for' });
    // before `listen`, which takes all that nobody else takes: signals may have come between two lives of a run
    listenToLease(change.turn, (over) => change.giveWay(over));
    listen({
      judge: (message) => judgeMessage(message, change.state.control, change.moment()),
      take: (message, viaSignal) => change.take(message, viaSignal),
      record: (name, by, answer) => change.record(name, by, answer),
    });
    setHandler(stateQuery, () => change.state, { description: 'All that the run knows, for a repair' });
    setHandler(holdingQuery, () => change.holding(), { description: 'What it holds of its cluster' });
    change.abortOnCancellation();
    // what the run before had not delivered yet
    change.courier.wake();
    change.show();
    if (!carried) dropForeign(change.status);
    return change;
  }

  get status(): Status {
    return this.state.status;
  }

  get plan(): Plan<I> {
    if (!this.state.plan) throw ApplicationFailure.nonRetryable('there is no plan yet', 'Failed');
    return this.state.plan as Plan<I>;
  }

  /** What every activity of this change is told. */
  get ref() {
    const { cluster } = this.plan.intent;
    const epoch = this.turn.granted?.epoch ?? this.state.epoch;
    return { id: this.state.changeId, epoch, cluster: cluster.file };
  }

  /** The change's side of the lease. */
  get turn(): Turn {
    return (this.state.turn ??= newTurn(this.state.changeId));
  }

  /** To whom the outbox goes, where the plan names somebody. */
  private route(): Route | undefined {
    const { outbox, plan } = this.state;
    const to = plan?.intent.notifications;
    return outbox && to && { outbox, to, file: plan.intent.cluster.file };
  }

  // --- showing

  /** Phase and summary in one; search attributes follow. */
  enter(phase: Phase, summary: string): void {
    const changed = this.status.phase !== phase;
    this.status.phase = phase;
    this.status.summary = summary;
    if (changed) {
      this.happened(`${phase}: ${summary}`);
      publish(this.status);
    }
    this.show();
  }

  /** For the timeline. */
  happened(what: string): void {
    happened(this.status, new Date().toISOString(), what);
  }

  host(name: string): HostStatus {
    const found = this.status.hosts.find((host) => host.name === name);
    if (!found) throw ApplicationFailure.nonRetryable(`no host ${name} in this change`, 'Failed');
    return found;
  }

  note(name: string, facts: Partial<HostStatus>): void {
    const host = this.host(name);
    const text = hostText(host, facts);
    if (text) this.happened(text);
    const { state } = host;
    if (facts.state !== undefined && facts.state !== state && LOOKED_AFTER.includes(state))
      this.ledger.look({ host: name, state });
    Object.assign(host, facts);
    const finished = this.status.hosts.filter(({ state }) => state === 'done' || state === 'skipped').length;
    this.status.progress = this.status.hosts.length ? finished / this.status.hosts.length : 0;
    this.show();
  }

  stepStatus(name: string): StepStatus {
    const found = this.status.steps.find((step) => step.name === name);
    if (!found) throw ApplicationFailure.nonRetryable(`no step ${name} in this change`, 'Failed');
    return found;
  }

  noteStep(name: string, facts: Partial<StepStatus>): void {
    // closed or open again: what is lost from now on is lost otherwise
    if (facts.state !== undefined) this.ledger.look();
    Object.assign(this.stepStatus(name), facts);
    this.show();
  }

  show(): void {
    setCurrentDetails(statusMarkdown(this.status));
  }

  // --- messages

  private moment(): Moment {
    return this.doing.moment(this.status, pointOfNoReturn(this.state));
  }

  /** Approvals that came before their gate are judged when it opens. */
  openGate(gate: Gate): void {
    this.doing.openGate = gate;
    for (const early of this.state.control.early.splice(0)) this.take(early, false);
  }

  private take(message: Message, viaSignal: boolean): string {
    const { control } = this.state;
    const moment = this.moment();
    const verdict = judgeMessage(message, control, moment);
    const early =
      viaSignal && message.name === 'approve' && !moment.openGate && !moment.ended && !control.abort;
    if (verdict.ok) applyMessage(message, control, moment);
    else if (early) control.early.push(message);
    const answer = early ? `kept until a gate opens (${verdict.text})` : verdict.text;
    this.record(message.name, message.by, answer);
    if (message.name === 'abort' && verdict.ok) this.interrupt();
    if (message.name === 'rollback' && verdict.ok && !control.rollback?.called)
      void callRollback(this.state).then(() => this.show());
    return answer;
  }

  private record(name: string, by: string, answer: string): void {
    this.status.messages.push({ at: new Date().toISOString(), name, by, answer });
    this.status.messages.splice(0, this.status.messages.length - 50);
    this.happened(`${name} by ${by}: ${answer}`);
    this.show();
  }

  /** An emergency needs the hosts. Whoever has lost them touches nothing more: a host would get two masters. */
  private giveWay(over: NonNullable<Turn['over']>): void {
    const { by, lost, takesAll } = over;
    const note = lost ? 'it has lost its lease' : 'it gives way';
    this.turn.over = over;
    const answer = this.take({ name: 'abort', by, undo: false, note }, true);
    // an abort with undo came before
    if (this.state.control.abort) this.state.control.abort.undo = false;
    else this.record('yieldLease', by, answer);
    if (takesAll) for (const scope of this.handingOver) scope.cancel();
  }

  private holding(): Partial<Held> | null {
    const { granted } = this.turn;
    if (!granted || this.status.endedAt !== null) return null;
    const { epoch, claims } = granted;
    const { service, id } = this.status;
    const same = [this.state.plan?.hash, this.state.plan?.same].filter((digest) => digest !== undefined);
    return { id, change: this.turn.key, what: changeText(service, this.status), epoch, claims, same };
  }

  /** The UI's "Request Cancellation" is an abort with undo. */
  private abortOnCancellation(): void {
    CancellationScope.current().cancelRequested.catch(() => {
      this.take({ name: 'abort', by: 'a cancellation request', undo: true }, true);
    });
  }

  // --- stopping

  throwIfStopped(): void {
    const { abort } = this.state.control;
    if (this.turn.over?.lost)
      throw new ChangeStopped('failed', `it lost its lease to ${this.turn.over.by}`, false);
    if (abort)
      throw new ChangeStopped(
        'aborted',
        `stopped by ${abort.by}${abort.note ? `: ${abort.note}` : ''}`,
        abort.undo,
      );
    if (this.stalled) throw new ChangeStopped('failed', this.stalled, 'asPlanned');
  }

  /** Nothing moves any more: the change fails at its next boundary, and waits that may be cut short are. */
  stall(seconds: number): void {
    const busy = this.status.hosts.filter(({ name }) => this.doing.inFlight.has(name));
    const where = busy.map(({ name, state, note }) => `${name} is ${state}${note ? ` (${note})` : ''}`);
    if (this.doing.waitsForLoad !== null) where.push(this.doing.waitsForLoad);
    this.stalled = `no host got further in ${seconds} s: ${where.join('; ') || this.status.summary}`;
    this.interrupt();
  }

  /**
   * Lets milliseconds pass before something is tried again. An abort ends it, unless all is put back already; a
   * lost lease ends it then, too.
   */
  async rest(ms: number): Promise<void> {
    const stopped = () =>
      !!this.turn.over?.lost ||
      (this.status.phase !== 'rollingBack' && (!!this.state.control.abort || this.stalled !== null));
    await condition(stopped, ms);
    if (stopped()) this.throwIfStopped();
  }

  /** Runs a wait that an abort may cut short: a drain or an observation, never a switch. */
  interruptibly<T>(work: () => Promise<T>): Promise<T> {
    return this.within(this.interruptible, work);
  }

  /** Runs a wait that is cut short only where somebody else sees to the host, however it stands. */
  handedOver<T>(work: () => Promise<T>): Promise<T> {
    return this.within(this.handingOver, work);
  }

  private async within<T>(scopes: Set<CancellationScope>, work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    scopes.add(scope);
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCancellation(error)) this.throwIfStopped();
      throw error;
    } finally {
      scopes.delete(scope);
    }
  }

  private interrupt(): void {
    for (const scope of this.interruptible) scope.cancel();
  }

  /** Marks a host as worked on, so that a pause waits for it. */
  async working<T>(host: PlannedHost, work: () => Promise<T>): Promise<T> {
    this.doing.inFlight.add(host.name);
    try {
      return await work();
    } finally {
      this.doing.inFlight.delete(host.name);
    }
  }

  /** What a host runs when it is well: the version of the plan, or what it ran when the plan was made. */
  versionOf({ name }: PlannedHost): string {
    return this.plan.intent.version ?? this.plan.observed.hosts[name]?.version ?? 'unknown';
  }

  isSkipped(host: PlannedHost): boolean {
    return this.state.control.skips.includes(host.name);
  }
}
