import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  defineQuery,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Message } from '../../contracts/messages';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import type { Plan, PlannedHost } from '../../contracts/plan';
import type { End, HostStatus, Phase, Report, Status, StepStatus, WaitingFor } from '../../contracts/status';
import type { Held } from '../../contracts/lease';
import type { Gate, Moment } from '../../domain/control';
import { applyMessage, judgeMessage } from '../../domain/control';
import type { Turn } from '../../domain/turn';
import { newTurn } from '../../domain/turn';
import { statusMarkdown } from '../../render/markdown';
import { ProgressClock } from './clock';
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

/** What an observation does beside looking at hosts. */
export interface Observation {
  /** never resolves; ends the observation when it rejects */
  beside?: Promise<never>;
  /** ends it before its time */
  enough?: () => boolean;
  /** in words: what happens when its time is over */
  then?: string;
  /** a pause acts at once, and what is left of the time is left after it */
  stopsWhilePaused?: boolean;
}

export const statusQuery = defineQuery<Status>('status');
const stateQuery = defineQuery<ChangeState>('state');
const holdingQuery = defineQuery<Partial<Held> | null>('holding');

/** A running change: its state, the messages that reach it, and how it waits. */
export class Change {
  private openGate: Gate | null = null;
  private soaking = false;
  private gateAsks = false;
  /** when the observation that is under way ends, milliseconds */
  observedUntil: number | null = null;
  private readonly askingFor = new Set<string>();
  private readonly inFlight = new Set<string>();
  /** hosts that this change has taken out of rotation, or is about to */
  readonly away = new Set<string>();
  readonly clock = new ProgressClock();
  private pausing: Promise<void> | null = null;
  private stalled: string | null = null;
  private readonly interruptible = new Set<CancellationScope>();
  /** ends, with an error if there was one, when earlier changes are locked out */
  fences: Promise<unknown> | undefined;

  private constructor(readonly state: ChangeState) {}

  /** Sets all handlers, before the first wait. */
  static begin(workflow: string, carried?: ChangeState): Change {
    const info = workflowInfo();
    const changeId = `${info.workflowId}/${info.firstExecutionRunId}`;
    const change = new Change(
      carried
        ? upToDate(carried)
        : newState({ workflow, id: info.workflowId, changeId, startedAt: info.startTime }),
    );
    setHandler(statusQuery, () => change.status, { description: 'Phase, hosts, and what is waited for' });
    listen({
      judge: (message) => judgeMessage(message, change.state.control, change.moment()),
      take: (message, viaSignal) => change.take(message, viaSignal),
      record: (name, by, answer) => change.record(name, by, answer),
    });
    listenToLease(change.turn, (by, lost) => change.giveWay(by, lost));
    setHandler(stateQuery, () => change.state, { description: 'All that the run knows, for a repair' });
    setHandler(holdingQuery, () => change.holding(), { description: 'What it holds of its cluster' });
    change.abortOnCancellation();
    change.show();
    if (!carried) change.dropForeignAttributes();
    return change;
  }

  get status(): Status {
    return this.state.status;
  }

  get plan(): Plan {
    if (!this.state.plan) throw ApplicationFailure.nonRetryable('there is no plan yet', 'Failed');
    return this.state.plan;
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

  // --- showing

  /** Phase and summary in one; search attributes follow. */
  enter(phase: Phase, summary: string): void {
    const changed = this.status.phase !== phase;
    this.status.phase = phase;
    this.status.summary = summary;
    if (changed) this.publish();
    this.show();
  }

  host(name: string): HostStatus {
    const found = this.status.hosts.find((host) => host.name === name);
    if (!found) throw ApplicationFailure.nonRetryable(`no host ${name} in this change`, 'Failed');
    return found;
  }

  note(name: string, facts: Partial<HostStatus>): void {
    const host = this.host(name);
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
    Object.assign(this.stepStatus(name), facts);
    this.show();
  }

  show(): void {
    setCurrentDetails(statusMarkdown(this.status));
  }

  private publish(): void {
    const { cluster, service, phase, hosts, progress } = this.status;
    upsertSearchAttributes({
      PawlPhase: [phase],
      PawlProgress: [progress],
      ...(cluster && { PawlCluster: [cluster] }),
      ...(service && { PawlService: [service] }),
      ...(hosts.length && { PawlHosts: hosts.slice(0, 100).map(({ name }) => name) }),
    });
  }

  /** Temporal's form to start a run takes over the search attributes of the run before, too. */
  private dropForeignAttributes(): void {
    const foreign = Object.keys(SEARCH_ATTRIBUTES).filter((name) => name in workflowInfo().searchAttributes);
    if (foreign.length && patched('drop-foreign-attributes')) {
      upsertSearchAttributes(Object.fromEntries(foreign.map((name) => [name, []])));
      this.publish();
    }
  }

  // --- messages

  private moment(): Moment {
    return {
      phase: this.status.phase,
      ended: this.status.endedAt !== null,
      planHash: this.status.planHash,
      openGate: this.openGate,
      soaking: this.soaking,
      gateAsks: this.gateAsks,
      waiting: this.status.waitingFor !== null,
      askingFor: [...this.askingFor],
      inFlight: [...this.inFlight],
      noReturn: pointOfNoReturn(this.state),
      hosts: Object.fromEntries(this.status.hosts.map(({ name, state }) => [name, state])),
    };
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
    return answer;
  }

  private record(name: string, by: string, answer: string): void {
    this.status.messages.push({ at: new Date().toISOString(), name, by, answer });
    this.status.messages.splice(0, this.status.messages.length - 50);
    this.show();
  }

  /** An emergency needs the hosts. Whoever has lost them touches nothing more: a host would get two masters. */
  private giveWay(by: string, lost: boolean): void {
    const note = lost ? 'it has lost its lease' : 'it gives way';
    this.turn.over = { by, lost };
    const answer = this.take({ name: 'abort', by, undo: false, note }, true);
    // an abort with undo came before
    if (this.state.control.abort) this.state.control.abort.undo = false;
    else this.record('yieldLease', by, answer);
  }

  private holding(): Partial<Held> | null {
    const { granted } = this.turn;
    if (!granted || this.status.endedAt !== null) return null;
    const { epoch, claims } = granted;
    const { service, version, id } = this.status;
    const same = [this.state.plan?.hash, this.state.plan?.same].filter((digest) => digest !== undefined);
    return { id, change: this.turn.key, what: `${service} → ${version}`, epoch, claims, same };
  }

  /** The UI's "Request Cancellation" is an abort with undo. */
  private abortOnCancellation(): void {
    CancellationScope.current().cancelRequested.catch(() => {
      this.take({ name: 'abort', by: 'a cancellation request', undo: true }, true);
    });
  }

  // --- waiting

  /** Where pause and abort act. */
  async boundary(): Promise<void> {
    this.throwIfStopped();
    if (!this.state.control.paused) return;
    // hosts that are changed side by side come here one after the other: there is one pause for all
    this.pausing ??= this.pause().finally(() => (this.pausing = null));
    await this.pausing;
  }

  /** Hosts in flight are finished before the pause shows: it never leaves one drained. */
  private async pause(): Promise<void> {
    const { phase, summary } = this.status;
    await condition(
      () => this.inFlight.size === 0 || !this.state.control.paused || !!this.state.control.abort,
    );
    const { paused } = this.state.control;
    if (paused)
      await this.askPerson('paused', {
        what: `paused by ${paused.by}${paused.note ? ` (${paused.note})` : ''}; waits for somebody to resume`,
        answers: [{ message: 'resume', payload: { by: 'you' } }],
        answered: () => !this.state.control.paused,
      });
    this.enter(phase, summary);
  }

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
    const busy = this.status.hosts.filter(({ name }) => this.inFlight.has(name));
    const where = busy.map(({ name, state, note }) => `${name} is ${state}${note ? ` (${note})` : ''}`);
    this.stalled = `no host got further in ${seconds} s: ${where.join('; ') || this.status.summary}`;
    this.interrupt();
  }

  /** Lets milliseconds pass before something is tried again; an abort ends it, unless all is put back already. */
  async rest(ms: number): Promise<void> {
    const stopped = () =>
      this.status.phase !== 'rollingBack' && (!!this.state.control.abort || this.stalled !== null);
    await condition(stopped, ms);
    if (stopped()) this.throwIfStopped();
  }

  /** Waits for a person, and says so. Ends with the answer, an abort, or the deadline of the plan as a failure. */
  async askPerson(
    phase: Phase,
    question: Pick<WaitingFor, 'what' | 'answers'> & { answered: () => boolean },
  ): Promise<void> {
    const { control } = this.state;
    const hours = this.plan.intent.settings.personDeadlineHours;
    const until = Date.now() + hours * 3_600_000;
    control.extended = 0;
    const answers = [...question.answers, { message: 'abort', payload: { by: 'you', undo: true } }];
    const then = 'the change counts as failed';
    this.enter(phase, question.what);
    for (let deadline = until; ; deadline = until + control.extended * 60_000) {
      this.status.waitingFor = {
        what: question.what,
        answers,
        until: new Date(deadline).toISOString(),
        then,
      };
      this.show();
      const extended = control.extended;
      const woken = await this.clock.stand(() =>
        condition(
          () => question.answered() || !!control.abort || control.extended !== extended,
          deadline - Date.now(),
          { summary: question.what },
        ),
      );
      if (woken && !question.answered() && !control.abort) continue;
      this.status.waitingFor = null;
      if (question.answered()) return;
      this.throwIfStopped();
      throw new ChangeStopped('failed', `nobody answered in ${hours} h: ${question.what}`, 'asPlanned');
    }
  }

  /** Opens a gate and waits for approve or reject. */
  async approval(gate: Gate, what: string): Promise<void> {
    const { control } = this.state;
    this.openGate = gate;
    for (const early of control.early.splice(0)) this.take(early, false);
    await this.askPerson('awaitingApproval', {
      what,
      answers: [
        { message: 'approve', payload: { by: 'you', planHash: this.plan.hash.slice(0, 12) } },
        { message: 'reject', payload: { by: 'you' } },
      ],
      answered: () => control.decisions[gate] !== undefined,
    });
    this.openGate = null;
    const decision = control.decisions[gate];
    if (decision && !decision.approved)
      throw new ChangeStopped(
        'aborted',
        `${decision.by} rejected it${decision.note ? `: ${decision.note}` : ''}`,
        true,
      );
  }

  /** A host, or a step that is done once, could not be brought further: a person says retry, skip or abort. */
  async askAbout(subject: { host: string } | { step: string }, what: string): Promise<'retry' | 'skip'> {
    const { control } = this.state;
    const name = 'host' in subject ? subject.host : subject.step;
    this.askingFor.add(name);
    const said = (list: string[]) => list.includes(name);
    try {
      await this.askPerson(this.status.phase, {
        what,
        answers: [
          { message: 'retry', payload: { by: 'you', ...subject } },
          { message: 'skip', payload: { by: 'you', ...subject } },
        ],
        answered: () => said(control.retries) || said(control.skips),
      });
    } finally {
      this.askingFor.delete(name);
    }
    const answer = said(control.skips) ? 'skip' : 'retry';
    control.retries = control.retries.filter((other) => other !== name);
    return answer;
  }

  /** Runs a wait that an abort may cut short: a drain or an observation, never a switch. */
  async interruptibly<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    this.interruptible.add(scope);
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCancellation(error)) this.throwIfStopped();
      throw error;
    } finally {
      this.interruptible.delete(scope);
    }
  }

  private interrupt(): void {
    for (const scope of this.interruptible) scope.cancel();
  }

  /** The gate did not pass: a person says whether it judges again or the change goes on. */
  async askAboutGate(what: string): Promise<'retry' | 'promote'> {
    const { control } = this.state;
    control.promoted = false;
    control.judgeAgain = false;
    this.gateAsks = true;
    try {
      await this.askPerson(this.status.phase, {
        what,
        answers: [
          { message: 'retry', payload: { by: 'you' } },
          { message: 'promote', payload: { by: 'you' } },
        ],
        answered: () => control.promoted || !!control.judgeAgain,
      });
    } finally {
      this.gateAsks = false;
    }
    return control.promoted ? 'promote' : 'retry';
  }

  /** Observes until the time is over or somebody promotes; fails as soon as the observation does. */
  async observe(
    seconds: number,
    what: string,
    observation: () => Promise<unknown>,
    more: Observation = {},
  ): Promise<void> {
    if (seconds <= 0) return;
    const { control } = this.state;
    control.promoted = false;
    control.extended = 0;
    this.soaking = true;
    const until = Date.now() + seconds * 1_000;
    try {
      await this.clock.stand(() =>
        this.interruptibly(async () => {
          const broken = observation();
          // the race below may end first; what the observation says after that no longer matters
          broken.catch(() => undefined);
          const over = this.timeIsOver(until, what, more);
          // an observation that ends without a failure has nothing more to say; the time still counts
          const ends = [broken.then(() => over), over];
          if (!more.beside) await Promise.race(ends);
          else await Promise.race([...ends, more.beside]).finally(() => CancellationScope.current().cancel());
          CancellationScope.current().cancel();
        }),
      );
    } finally {
      this.soaking = false;
      this.observedUntil = null;
      this.status.waitingFor = null;
      this.show();
    }
  }

  private async timeIsOver(until: number, what: string, more: Observation): Promise<void> {
    const { control } = this.state;
    const { enough = () => false, then = 'it goes on', stopsWhilePaused = false } = more;
    const paused = () => stopsWhilePaused && !!control.paused;
    for (;;) {
      const extended = control.extended;
      const left = until + extended * 60_000 - Date.now();
      if (paused()) {
        await this.boundary();
        control.extended = 0;
        until = Date.now() + left;
        continue;
      }
      if (control.promoted || enough() || left <= 0) return;
      this.observedUntil = Date.now() + left;
      this.status.waitingFor = {
        what,
        answers: [{ message: 'promote', payload: { by: 'you' } }],
        until: new Date(this.observedUntil).toISOString(),
        then,
      };
      this.show();
      const changed = () => control.promoted || enough() || paused() || control.extended !== extended;
      await condition(changed, left, { summary: what });
    }
  }

  /** Marks a host as worked on, so that a pause waits for it. */
  async working<T>(host: PlannedHost, work: () => Promise<T>): Promise<T> {
    this.inFlight.add(host.name);
    try {
      return await work();
    } finally {
      this.inFlight.delete(host.name);
    }
  }

  isSkipped(host: PlannedHost): boolean {
    return this.state.control.skips.includes(host.name);
  }

  // --- ending

  /** The run is over: late messages are answered, then it completes or fails with its report. */
  async end(end: End, summary: string): Promise<Report> {
    this.status.endedAt = new Date().toISOString();
    this.status.waitingFor = null;
    this.enter(end, summary);
    await condition(allHandlersFinished);
    const report = this.report(end);
    if (end === 'succeeded' || end === 'planned') return report;
    const failure = ApplicationFailure.create({
      type: end.charAt(0).toUpperCase() + end.slice(1),
      message: summary,
      details: [report],
      nonRetryable: true,
    });
    // an end of a change is no place in our code
    failure.stack = '';
    throw failure;
  }

  /** What people look for first stands first. */
  private report(end: End): Report {
    const { phase, summary, leftToDo } = this.status;
    const first: Partial<Report> = { phase, summary, leftToDo };
    return { ...first, ...this.status, ...(end === 'planned' && { plan: this.state.plan }) };
  }
}
