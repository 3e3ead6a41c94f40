import type { KeptPlace } from './balancer-truth';
import type { Certificate } from './certificate';
import type { Drift } from './config-drift';
import type { Claim, Sight, Verdict } from './gate';
import type { RunOnce } from './inputs/rolling-upgrade';
import type { Named } from './lease';
import type { Recovery } from './recovery';
import type { TrafficState } from './world';

export type Phase =
  | 'planning'
  | 'queued'
  | 'awaitingApproval'
  | 'preparing'
  | 'running'
  | 'soaking'
  | 'watching'
  | 'paused'
  | 'rollingBack'
  | End;

/** `succeeded` and `planned` complete the workflow, the others fail it with a failure of that type. */
export type End = 'succeeded' | 'planned' | 'rolledBack' | 'aborted' | 'frozen' | 'failed';

export type HostState =
  | 'pending'
  | 'staged'
  | 'serving'
  | 'draining'
  | 'out'
  | 'changing'
  | 'checking'
  | 'ramping'
  | 'done'
  | 'undoing'
  | 'undone'
  | 'skipped'
  | 'failed'
  | 'unreachable';

export interface HostTraffic {
  state: TrafficState;
  weight: number;
  sessions: number;
}

export interface HostStatus {
  name: string;
  version: string;
  state: HostState;
  /** by balancer */
  balancers: Record<string, HostTraffic>;
  /** the last failure or remark, one sentence */
  note?: string;
}

/** A step that is done once for the whole change. */
export interface StepStatus {
  name: string;
  /** absent where it is not about hosts */
  when?: RunOnce['when'];
  host: string;
  state: 'pending' | 'running' | 'done' | 'undoing' | 'undone' | 'skipped' | 'failed' | 'unreachable';
  note?: string;
}

/** What a run waits for; the answer is what to send. */
export interface WaitingFor {
  /** in words: for whom and for what */
  what: string;
  /** message name → its JSON, ready to send */
  answers: { message: string; payload: Record<string, unknown> }[];
  /** ISO time; what happens then */
  until: string;
  then: string;
}

export interface Todo {
  host?: string;
  what: string;
  /** a command that does it or shows it */
  command?: string;
}

/** What a gate says, or said. */
export interface GateStatus {
  /** `after batch 1 of 3`, `after the last batch` */
  name: string;
  /** `promoted`: a person went on without a pass */
  verdict: Verdict | 'promoted';
  /** one sentence with numbers */
  text: string;
  /** of the gate that judges now, and of one that failed */
  claims?: Claim[];
  /** of the newest gates; runs of 0.3.0 and before have none */
  saw?: Sight;
}

export interface Happening {
  /** ISO time */
  at: string;
  what: string;
}

/** How files of hosts become different, as unified diffs or in words; never what is secret. */
export interface Diffs {
  shown: { hosts: string[]; text: string }[];
  /** lines that had no room */
  more: number;
}

/** The one object that query, Current Details, CLI, and report show. */
export interface Status {
  workflow: string;
  id: string;
  phase: Phase;
  planHash: string | null;
  cluster: string | null;
  service: string | null;
  version: string | null;
  /** what becomes of the service, in words, where it is no version */
  about?: string;
  /** 1-based */
  batch: { index: number; of: number } | null;
  hosts: HostStatus[];
  steps: StepStatus[];
  waitingFor: WaitingFor | null;
  leftToDo: Todo[];
  /** one for each batch so far, the last one may still be at work; runs of 0.1.0 have none */
  gates?: GateStatus[];
  /** what clients lost so far; runs of earlier releases do not say */
  certificate?: Certificate;
  /** of a look for drift: what was found */
  drift?: Drift;
  /** of a recovery: what was damaged, and what came of it */
  recovery?: Recovery;
  /** one sentence: what is going on, or how it ended */
  summary: string;
  /** 0 to 1 */
  progress: number;
  notes: string[];
  /** what a change of configuration does to files */
  diffs?: Diffs;
  /** messages that were taken, oldest first, at most 50 */
  messages: { at: string; name: string; by: string; answer: string }[];
  /** phases, hosts at their ends, messages: what happened when, oldest first, at most 200. Runs of before 0.4.0 have none */
  timeline?: Happening[];
  startedAt: string;
  endedAt: string | null;
  /** of a lease: who holds what, and who waits */
  line?: {
    holders: (Named & { holds: string; since: string; yieldsTo: string | null })[];
    waiting: (Named & { for: string; since: string })[];
    /** what changes want of servers and have not taken back; leases that an older release started do not know */
    kept?: KeptPlace[];
  };
}

/** What a run returns, or carries in the details of its failure. */
export type Report = Status & { plan?: unknown };
