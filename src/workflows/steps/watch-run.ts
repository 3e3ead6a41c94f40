/** A health watch as people see it and steer it: state, messages, alerts. */
import {
  CancellationScope,
  condition,
  defineQuery,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Outcome, Looked, PlannedWatch, WatchMemory, WatchNews } from '../../contracts/health-watch';
import type { Message } from '../../contracts/messages';
import type { Announcement, FactsOf } from '../../contracts/notifications';
import type { Report, Status } from '../../contracts/status';
import type { Control, Moment } from '../../domain/control';
import { applyMessage, judgeMessage, newControl } from '../../domain/control';
import { newMemory } from '../../domain/health-watch';
import { newStatus } from '../../domain/new-status';
import type { Outbox } from '../../domain/outbox';
import { newOutbox, outboxNotes, post } from '../../domain/outbox';
import { watchedHosts, watchSummary, watchTodos } from '../../domain/watch-status';
import { statusMarkdown } from '../../render/markdown';
import { answersOver } from './answers';
import { dropForeign, publish } from './attributes';
import { Courier } from './courier';
import { listen } from './messages';

/** Plain JSON: continue-as-new carries it whole. */
export interface WatchState {
  plan: PlannedWatch | null;
  memory: WatchMemory;
  /** as people see it: of the last look that saw something else */
  looked: Looked[];
  control: Control;
  outbox: Outbox;
  status: Status;
  /** since when each trouble is told: host → ISO time */
  told: Record<string, string>;
}

/** What messages do here, where it is not what they do in a change. */
const ANSWERS: Partial<Record<Message['name'], string>> = {
  abort: 'the watch ends; hosts that it has taken out stay out',
  pause: 'nobody looks at the hosts until resume, for a day at most',
};
const MOST_NOTES = 20;
/** Milliseconds; a pause that was forgotten must not leave a service unwatched for months. */
const LONGEST_PAUSE = 24 * 3_600_000;

export class WatchRun {
  readonly state: WatchState;
  readonly courier = new Courier(() => this.route());
  private scope: CancellationScope | null = null;

  /** Sets all handlers, before the first wait. */
  constructor(carried?: WatchState) {
    const { workflowId: id, startTime } = workflowInfo();
    this.state = carried ?? {
      plan: null,
      memory: newMemory(),
      looked: [],
      control: newControl(),
      outbox: newOutbox(),
      status: newStatus({ workflow: 'healthWatch', id, startedAt: startTime.toISOString() }),
      told: {},
    };
    setHandler(defineQuery<Status>('status'), () => this.state.status, {
      description: 'Hosts as the watch sees them, and what is wrong',
    });
    setHandler(defineQuery<WatchState>('state'), () => this.state, {
      description: 'All that the watch knows',
    });
    listen({
      judge: (message) => judgeMessage(message, this.state.control, this.moment()),
      take: (message) => this.take(message),
      record: (name, by, answer) => this.record(name, by, answer),
    });
    CancellationScope.current().cancelRequested.catch(() => {
      this.take({ name: 'abort', by: 'a cancellation request', undo: false });
    });
    this.courier.wake();
    this.show();
    if (!carried) dropForeign(this.state.status);
  }

  get plan(): PlannedWatch {
    return this.state.plan!;
  }

  get stopped(): boolean {
    return this.state.control.abort !== null;
  }

  get paused(): boolean {
    return this.state.control.paused !== null;
  }

  adopt(plan: PlannedWatch): void {
    const { cluster, service, policy, notes } = plan;
    this.state.plan = plan;
    const about = `watched every ${policy.intervalSeconds} s`;
    Object.assign(this.state.status, { cluster, service, about, notes: [...notes], phase: 'running' });
    this.show();
    publish(this.state.status);
  }

  // --- messages

  /** Runs a wait that a pause or an abort cuts short. */
  async interruptibly<T>(work: () => Promise<T>): Promise<T> {
    this.scope = new CancellationScope();
    try {
      return await this.scope.run(work);
    } finally {
      this.scope = null;
    }
  }

  async whilePaused(): Promise<void> {
    const { by, note } = this.state.control.paused!;
    this.enter('paused', `paused by ${by}${note ? `: ${note}` : ''}; nobody looks at the hosts`);
    const { status, control } = this.state;
    status.waitingFor = {
      what: status.summary,
      answers: [{ message: 'resume', payload: { by: 'you' } }],
      until: new Date(Date.now() + LONGEST_PAUSE).toISOString(),
      then: 'the watch goes on by itself',
    };
    this.show();
    const said = await condition(() => !this.paused || this.stopped, LONGEST_PAUSE);
    if (!said) this.note('nobody ended the pause in a day: the watch goes on by itself');
    control.paused = null;
    status.waitingFor = null;
    this.enter('running', watchSummary(this.state));
  }

  private take(message: Message): string {
    const { control } = this.state;
    const verdict = judgeMessage(message, control, this.moment());
    const own = this.stopped || (this.paused && message.name === 'pause') ? undefined : ANSWERS[message.name];
    if (verdict.ok) applyMessage(message, control, this.moment());
    const answer = verdict.ok ? (own ?? verdict.text) : verdict.text;
    this.record(message.name, message.by, answer);
    if (this.paused || this.stopped) this.scope?.cancel();
    return answer;
  }

  private moment(): Moment {
    const { status } = this.state;
    return {
      phase: status.phase,
      ended: status.endedAt !== null,
      planHash: null,
      openGate: null,
      soaking: false,
      waiting: false,
      askingFor: [],
      inFlight: [],
      hosts: {},
      noReturn: null,
    };
  }

  private record(name: string, by: string, answer: string): void {
    const { messages } = this.state.status;
    messages.push({ at: new Date().toISOString(), name, by, answer });
    messages.splice(0, messages.length - 50);
    this.show();
  }

  // --- showing and telling

  private enter(phase: Status['phase'], summary: string): void {
    Object.assign(this.state.status, { phase, summary });
    publish(this.state.status);
    this.show();
  }

  show(): void {
    const { status, plan } = this.state;
    if (plan) {
      status.hosts = watchedHosts(this.state, plan);
      status.leftToDo = watchTodos(this.state);
      if (status.phase === 'running') status.summary = watchSummary(this.state);
    }
    setCurrentDetails(statusMarkdown(status));
  }

  /** One alert for each trouble, and one all-clear. */
  tell(news: WatchNews, done: Outcome | null): void {
    const { told } = this.state;
    const { host, why } = news;
    const at = new Date().toISOString();
    const what = `${host}: ${why}`;
    this.note(`${at.slice(0, 19)}Z: ${sentence(news, done)}`);
    // the run that brings the service back tells of itself
    if (news.news === 'rollBack') return;
    if (news.news === 'over' || (news.news === 'putBack' && done?.done)) {
      const since = told[host];
      delete told[host];
      if (since === undefined) return;
      const minutes = Math.ceil((Date.parse(at) - Date.parse(since)) / 60_000);
      this.announce('allClear', { what: sentence(news, done), since, minutes });
    } else if (news.news !== 'putBack' && told[host] === undefined) {
      told[host] = at;
      const out = done?.done === true;
      const effect = out
        ? 'it is out of rotation, requests go to the other hosts'
        : `it stays in rotation: ${news.news === 'stays' ? news.because : (done?.why ?? '')}`;
      const { onUnhealthy, passes } = this.plan.policy;
      const returns = out && onUnhealthy === 'eject';
      const expected = returns ? `back by itself after ${passes} looks that pass` : 'somebody looks at it';
      this.announce('alert', { what, since: at, effect, expected });
    }
  }

  private note(text: string): void {
    const { notes } = this.state.status;
    notes.push(text);
    notes.splice(0, notes.length - MOST_NOTES);
  }

  private announce<K extends 'alert' | 'allClear'>(kind: K, facts: FactsOf[K]): void {
    const { outbox } = this.state;
    const to = this.plan.notifications;
    if (!to) return;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    post(outbox, to, {
      id: `${workflowId}/${firstExecutionRunId}#${outbox.next}`,
      kind,
      at: new Date().toISOString(),
      cluster: this.plan.cluster,
      service: this.plan.service,
      version: 'none',
      change: workflowId,
      facts,
    } as Announcement);
    this.courier.wake();
  }

  private route() {
    const { plan, outbox } = this.state;
    return plan?.notifications && { outbox, to: plan.notifications, file: plan.file };
  }

  /** @returns the report; what it has taken out is listed */
  async close(end: 'planned' | 'aborted', summary: string): Promise<Report> {
    const { status, outbox } = this.state;
    status.endedAt = new Date().toISOString();
    this.enter(end, summary);
    await this.courier.finish();
    status.notes.push(...outboxNotes(outbox));
    await answersOver(status.messages);
    const { phase, leftToDo } = status;
    return { ...({ phase, summary, leftToDo } as Partial<Report>), ...status };
  }
}

function sentence(news: WatchNews, done: Outcome | null): string {
  const { host, why } = news;
  switch (news.news) {
    case 'eject':
      return done?.done
        ? `${host} was taken out: ${why}`
        : `${host} is unhealthy (${why}) and could not be taken out: ${done?.why ?? ''}`;
    case 'putBack':
      return done?.done
        ? `${host} is well and back`
        : `${host} is well and could not be put back: ${done?.why ?? ''}`;
    case 'stays':
      return `${host} is unhealthy (${why}) and stays in rotation: ${news.because}`;
    case 'over':
      return `${host}: over, ${why}`;
    case 'rollBack':
      return done?.done
        ? `the service went back to an earlier release: ${why}`
        : `the service was to go back to an earlier release (${why}): ${done?.why ?? ''}`;
  }
}
