import type { Status } from '../../contracts/status';
import type { Gate, Moment } from '../../domain/control';

/** What a run does just now: messages are judged by it. A run that continues it begins with none of this. */
export class Doing {
  openGate: Gate | null = null;
  /** hosts are observed */
  soaking = false;
  /** when the observation that is under way ends, milliseconds */
  observedUntil: number | null = null;
  /** a gate did not pass and asks a person */
  gateAsks = false;
  /** waits for a time that nobody moves */
  appointed = false;
  /** services are closed for maintenance */
  closed: Moment['closed'] = null;
  /** the one pause for all hosts that came to a boundary */
  pausing: Promise<void> | null = null;
  /** the host that asks for room now, behind all that asked before */
  askingForRoom: Promise<void> | null = null;
  /** what it waits for, in words */
  waitsForLoad: string | null = null;
  /** hosts, and steps that are done once, about which a person is asked */
  readonly askingFor = new Set<string>();
  /** hosts that are worked on */
  readonly inFlight = new Set<string>();

  moment(status: Status, noReturn: string | null): Moment {
    return {
      phase: status.phase,
      ended: status.endedAt !== null,
      planHash: status.planHash,
      brings: status.workflow === 'rollingUpgrade' ? status.version : null,
      openGate: this.openGate,
      soaking: this.soaking,
      gateAsks: this.gateAsks,
      closed: this.closed,
      waiting: status.waitingFor !== null && !this.appointed,
      askingFor: [...this.askingFor],
      inFlight: [...this.inFlight],
      noReturn,
      hosts: Object.fromEntries(status.hosts.map(({ name, state }) => [name, state])),
    };
  }
}
