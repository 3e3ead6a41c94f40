import type { RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';
import type { Message } from '../contracts/messages';
import type { HostState, Phase } from '../contracts/status';
import { extendedEnd, minutesToSpare, type Window } from './maintenance';

export type Gate = RollingUpgradeInput['approvals'][number];

/** What people have said so far: plain data, so that it survives continue-as-new. */
export interface Control {
  paused: { by: string; note?: string } | null;
  abort: { by: string; undo: boolean; note?: string } | null;
  /** an emergency rollback is wanted; `called`: it was begun */
  rollback?: { by: string; reason: string; version?: string; called?: boolean };
  decisions: Partial<Record<Gate, { approved: boolean; by: string; note?: string }>>;
  skips: string[];
  retries: string[];
  promoted: boolean;
  /** the gate that asked is to judge again */
  judgeAgain?: boolean;
  /** minutes that were added to what is waited for now */
  extended: number;
  /** approvals by signal that came before their gate; judged when it opens */
  early: Message[];
}

export function newControl(): Control {
  return {
    paused: null,
    abort: null,
    decisions: {},
    skips: [],
    retries: [],
    promoted: false,
    extended: 0,
    early: [],
  };
}

/** What the run is doing when a message comes. */
export interface Moment {
  phase: Phase;
  ended: boolean;
  planHash: string | null;
  /** the release that the change brings */
  brings?: string | null;
  openGate: Gate | null;
  /** a soak or watch is under way */
  soaking: boolean;
  /** a gate did not pass and waits for retry, promote or abort */
  gateAsks?: boolean;
  /** services are closed for maintenance: as it was planned, milliseconds, and its longest */
  closed?: (Window & { maxMinutes: number }) | null;
  /** a person or a bounded wait is pending, so `extend` has a meaning */
  waiting: boolean;
  /** hosts, and steps that are done once, that wait for retry, skip or abort */
  askingFor: string[];
  /** hosts that are being worked on */
  inFlight: string[];
  hosts: Record<string, HostState>;
  /** the step behind which nothing can be put back, once it has begun */
  noReturn: string | null;
}

/** `ok: false` means that the message has no effect; the text is the answer in both cases. */
export interface Verdict {
  ok: boolean;
  text: string;
}

const yes = (text: string): Verdict => ({ ok: true, text });
const no = (text: string): Verdict => ({ ok: false, text });

/** Judges a message without applying it. */
export function judgeMessage(message: Message, control: Control, now: Moment): Verdict {
  if (now.ended) return no(`the change has ended (${now.phase}); nothing was done`);
  if (message.name === 'rollback') return judgeRollback(control, now);
  if (control.abort && message.name !== 'abort')
    return no(`${control.abort.by} has stopped this change; ${message.name} means nothing any more`);
  if (now.phase === 'rollingBack') return no(`the change is rolling back; ${message.name} means nothing now`);
  switch (message.name) {
    case 'pause':
      if (now.closed)
        return no('a maintenance cannot be paused; extend gives it more time, promote ends it now');
      return control.paused
        ? yes(`already paused by ${control.paused.by}`)
        : yes(`recorded; ${whenPauseActs(now)}`);
    case 'resume':
      return control.paused ? yes('going on') : no('the change is not paused');
    case 'approve':
    case 'reject':
      return judgeDecision(message, now);
    case 'promote':
      if (now.closed) return yes('the maintenance ends now: services are opened');
      if (now.gateAsks) return yes('the change goes on in spite of the gate');
      return now.soaking ? yes('this observation ends now') : no('nothing is being observed now');
    case 'skip':
      return judgeSkip(message, control, now);
    case 'retry':
      return judgeRetry(subjectOf(message), now);
    case 'abort':
      if (control.abort) return yes(`already stopped by ${control.abort.by}`);
      return yes(`recorded; ${whatAbortDoes(message.undo, now)}`);
    case 'extend':
      if (now.closed && control.promoted) return no('the maintenance ends already');
      if (now.closed) return judgeLonger(message.minutes, control.extended, now.closed);
      return now.waiting
        ? yes(`${message.minutes} more minutes`)
        : no('nothing with a deadline is waited for now');
  }
}

/** From any phase, but where nothing was touched yet. */
function judgeRollback({ rollback }: Control, { phase, brings }: Moment): Verdict {
  if (!brings) return no('this change brings no release; `pawl rollback <service>` goes ahead of it');
  if (phase === 'planning' || phase === 'queued')
    return no('this change has touched nothing yet: abort ends it');
  return rollback
    ? yes(`a rollback was begun already by ${rollback.by}`)
    : yes('a rollback begins, and this change gives way to it');
}

function judgeLonger(
  minutes: number,
  extended: number,
  { maxMinutes, ...window }: NonNullable<Moment['closed']>,
): Verdict {
  const end = extendedEnd(window, extended, maxMinutes);
  const spare = minutesToSpare(window, end, maxMinutes);
  if (minutes > spare) return no(`at most ${spare} more minutes, for the plan says maxMinutes`);
  const text = new Date(end + minutes * 60_000).toISOString().slice(0, 16).replace('T', ' ');
  return yes(`${minutes} more minutes: it ends at ${text} UTC`);
}

function whenPauseActs(now: Moment): string {
  return now.inFlight.length ? `acts after ${now.inFlight.join(', ')} is back` : 'acts before the next host';
}

function judgeDecision(message: Message & { name: 'approve' | 'reject' }, now: Moment): Verdict {
  if (!now.planHash) return no('there is no plan yet');
  if (!now.openGate) return no('no gate is open');
  if (message.name === 'approve' && message.planHash && !now.planHash.startsWith(message.planHash))
    return no(`that is an approval for another plan; this one is ${now.planHash.slice(0, 12)}`);
  return yes(message.name === 'approve' ? `approved: ${now.openGate}` : `rejected: ${now.openGate}`);
}

function whatAbortDoes(undo: boolean, now: Moment): string {
  if (!undo) return 'nothing more is changed';
  return now.noReturn
    ? `nothing more is changed; nothing is put back behind the point of no return (${now.noReturn})`
    : 'touched hosts are put back';
}

/** A host of the change, or a step that is done once: no two have the same name. */
function subjectOf({ host, step }: { host?: string; step?: string }): string | undefined {
  return host ?? step;
}

function judgeSkip(message: Message & { name: 'skip' }, control: Control, now: Moment): Verdict {
  const { host, step } = message;
  if (step !== undefined)
    return now.askingFor.includes(step)
      ? yes(`${step} is left as it is; the rest goes on`)
      : no(`no step ${step} waits for an answer`);
  if (host === undefined) return no('skip names a host or a step');
  const state = Object.hasOwn(now.hosts, host) ? now.hosts[host] : undefined;
  if (!state)
    return no(`there is no host ${host} in this change; there are ${Object.keys(now.hosts).join(', ')}`);
  if (control.skips.includes(host) || state === 'skipped') return yes(`${host} is skipped already`);
  if (now.askingFor.includes(host)) return yes(`${host} is put back as it was and left out`);
  if (state === 'pending' || state === 'staged') return yes(`${host} will be left out`);
  return no(`${host} is ${state}; only a host that waits can be skipped`);
}

function judgeRetry(host: string | undefined, now: Moment): Verdict {
  if (now.gateAsks && !host) return yes('the gate judges again');
  if (now.askingFor.length === 0) return no('no host waits for another try');
  if (host && !now.askingFor.includes(host))
    return no(`${host} does not wait for another try; ${now.askingFor.join(', ')} does`);
  return yes(`trying ${host ?? now.askingFor.join(', ')} again`);
}

function withSubject(names: readonly string[], message: { host?: string; step?: string }): string[] {
  const subject = subjectOf(message);
  return subject === undefined || names.includes(subject) ? [...names] : [...names, subject];
}

/** Applies a message that was judged ok. Applying twice is the same as once. */
export function applyMessage(message: Message, control: Control, now: Moment): void {
  switch (message.name) {
    case 'pause':
      control.paused ??= { by: message.by, note: message.note };
      return;
    case 'resume':
      control.paused = null;
      return;
    case 'approve':
    case 'reject':
      if (now.openGate)
        control.decisions[now.openGate] ??= {
          approved: message.name === 'approve',
          by: message.by,
          note: message.note,
        };
      return;
    case 'promote':
      control.promoted = true;
      return;
    case 'skip':
      control.skips = withSubject(control.skips, message);
      return;
    case 'retry':
      if (now.gateAsks) control.judgeAgain = true;
      control.retries = subjectOf(message) ? withSubject(control.retries, message) : [...now.askingFor];
      return;
    case 'abort':
      control.abort ??= { by: message.by, undo: message.undo, note: message.note };
      return;
    case 'rollback':
      control.rollback ??= { by: message.by, reason: message.reason, version: message.version };
      return;
    case 'extend':
      control.extended += message.minutes;
      return;
  }
}
