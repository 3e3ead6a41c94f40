import type { Route, Service } from './cluster';
import type { Mistake } from './failures';
import type { PlannedGate } from './gate';
import type { Check, RollingUpgradeInput, RunOnce } from './inputs/rolling-upgrade';
import type { PlannedNotifications } from './notifications';
import type { TrafficState } from './world';

/** A host's place in a balancer. */
export interface Place {
  balancer: string;
  backend: Route['backend'];
  server: string;
}

export interface PlannedHost {
  name: string;
  places: Place[];
}

/** Bytes that a release is made of. */
export interface PlannedArtifact {
  source: { file: string } | { url: string };
  sha256: string;
  /** bytes */
  size: number;
}

/** What the steps need to know of the service. */
export type PlannedService = Pick<Service, 'unit' | 'port' | 'release' | 'health' | 'version' | 'limits'> & {
  name: string;
};

/** One kind of step, in the order in which a host meets them. */
export interface PlannedStep {
  id: 'stage' | 'takeOut' | 'switchRelease' | 'proveHealthy' | 'putBack';
  /** in words */
  does: string;
  undo: string;
}

/** A step that is done once for the whole change, on one host. */
export type PlannedRunOnce = Omit<RunOnce, 'host' | 'undo'> & {
  host: string;
  /** null: there is no way back behind it */
  undo: string[] | null;
};

/** What people approve. Its SHA-256 over canonical JSON (RFC 8785) is the plan hash. */
export interface Intent {
  workflow: 'rollingUpgrade';
  cluster: { name: string; file: string; digest: string };
  service: PlannedService;
  version: string;
  artifact: PlannedArtifact;
  previousArtifact: PlannedArtifact | null;
  /** hosts to change, in order */
  hosts: PlannedHost[];
  /** host names that each batch adds */
  batches: string[][];
  maxUnavailable: number;
  steps: PlannedStep[];
  checks: Check[];
  /** null: switched off; plans of format 1 know none */
  gate?: PlannedGate | null;
  /** in the order in which they are done */
  runOnce: PlannedRunOnce[];
  /** absent where the cluster file names no channels, and in plans of earlier releases */
  notifications?: PlannedNotifications;
  settings: Pick<
    RollingUpgradeInput,
    | 'drain'
    | 'minHealthySeconds'
    | 'soakSeconds'
    | 'watchSeconds'
    | 'approvals'
    | 'onFailure'
    | 'personDeadlineHours'
    | 'unreachableSeconds'
  > & {
    /** hosts */
    failureBudget: number;
    progressDeadlineSeconds: number;
  };
}

/** What a host ran and carried when the plan was made: where an undo goes back to. */
export interface ObservedHost {
  version: string;
  /** by balancer */
  traffic: Record<string, { state: TrafficState; weight: number; sessions: number }>;
  freeMiB: number;
}

export interface Plan {
  /** rises when the meaning of a plan changes; open runs branch on it. 1: made by 0.1.0 */
  format: 1 | 2;
  intent: Intent;
  hash: string;
  /** the same for every start of this change, however many hosts carry it already; absent in format 1 */
  same?: string;
  /** what keeps hosts from being changed right now; it may pass when another change is at work on them */
  unready?: Mistake[];
  /** not hashed */
  observed: { at: string; hosts: Record<string, ObservedHost> };
  /** what a reader should know: dropped batches, shortened defaults, hosts that need nothing */
  notes: string[];
}
