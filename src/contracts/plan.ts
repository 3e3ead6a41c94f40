import type { Capacity, Route, Service } from './cluster';
import type { Mistake } from './failures';
import type { PlannedGate } from './gate';
import type { Check, Drain } from './inputs/common';
import type { OnWorse, RampStep } from './inputs/ramp';
import type { OutOfService } from './out-of-service';
import type { MaintenanceModeInput } from './inputs/maintenance-mode';
import type { BlueGreen, FreshBackup, Prepare, RollingUpgradeInput, RunOnce } from './inputs/rolling-upgrade';
import type { PlannedClosure, PlannedPage } from './maintenance';
import type { PlannedNotifications } from './notifications';
import type { Looked, RecoveryStep } from './recovery';
import type { Stable } from './stable';
import type { TrafficState } from './world';
import type { Diffs } from './status';

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
  id: string;
  /** in words */
  does: string;
  undo: string;
}

export interface PlannedRamp {
  steps: RampStep[];
  onWorse: OnWorse;
  /** full weights, by host and balancer */
  weights: Record<string, Record<string, number>>;
}

/** A file that is removed from a host. */
export interface GoneFile {
  path: string;
  /** what followed on it, as the host's states have it: `reload nginx.service`; null: nothing */
  action: string | null;
}

/** A configuration that hosts have, or know how to switch to. */
export interface NamedConfig {
  /** its folder in the config centre */
  set: string;
  /** by which hosts know it: the last commit that changed anything of the set, or what a change found */
  revision: string;
}

/** Files of a config centre that hosts get. */
export interface PlannedConfig extends NamedConfig {
  commit: string;
  /** names of hosts that have these files already, and only learn what they are called */
  has?: string[];
  /** by host, the name of the state that it gets: SHA-256 over all files with their owners and modes */
  states: Record<string, string>;
  /** serves nobody, is out at all balancers, and has the files before anything is done to another host */
  testHost?: string;
  /** by host, files that came with the configuration that it has, and are no targets any more; absent where there are none */
  gone?: Record<string, GoneFile[]>;
  /** hosts that serve on while they are switched: nothing of theirs is restarted */
  inPlace?: string[];
}

/** Hosts that come to those that carry the change. */
export interface PlannedBatch {
  /** names; none: only the share rises */
  adds: string[];
  /** percent of all requests that those that carry the change get when it is over */
  share?: number;
  /** percent of their full weights, for that share */
  percent?: number;
  /** observation after it, where it is not that of the change */
  soakSeconds?: number;
}

/** A step that is done once for the whole change, on one host. */
export type PlannedRunOnce = Omit<RunOnce, 'host' | 'undo'> & {
  host: string;
  /** null: there is no way back behind it */
  undo: string[] | null;
};

/** A backup that must be there before anything is touched. */
export type PlannedFreshBackup = FreshBackup & {
  /** names of those of its source */
  hosts: string[];
};

/** Names of balancers of the service. */
export interface PlannedCertificate {
  /** what they count says what clients lost */
  counts: string[];
  /** they count no requests */
  blind: string[];
}

/** Batches bring up hosts that serve nobody, and the others of the plan serve until all balancers switch. */
export type PlannedBlueGreen = Pick<BlueGreen, 'warmSeconds' | 'stopOld'>;

/** What the steps that all changes share are told. */
export interface Settings {
  drain: Drain;
  approvals: RollingUpgradeInput['approvals'];
  onFailure: 'undo' | 'freeze' | 'ask';
  /** hosts that may fail and are put back, before the change itself counts as failed */
  failureBudget: number;
  progressDeadlineSeconds: number;
  personDeadlineHours: number;
  unreachableSeconds: number;
  /** a host must stay healthy in rotation this long before the next one leaves */
  minHealthySeconds?: number;
  /** observation after each batch but the last, and after the last */
  soakSeconds?: number;
  watchSeconds?: number;
}

/**
 * What people approve. Its SHA-256 over canonical JSON (RFC 8785) is the plan hash. Shared steps read this; what is
 * optional here is absent where a change has no such thing, and each kind of change says what it always has.
 */
export interface Intent {
  workflow: string;
  cluster: { name: string; file: string; digest: string };
  service: PlannedService;
  /** what the hosts run when the change is over; absent where they run what they ran */
  version?: string;
  /** what becomes of the service, in words, where it is no version: `n3 out of service (new disk)` */
  about?: string;
  artifact?: PlannedArtifact;
  /** the files that hosts get */
  config?: NamedConfig & Pick<PlannedConfig, 'inPlace' | 'testHost'>;
  /** its place in line; default: usual */
  rank?: 'usual' | 'emergency';
  /** `hosts`: others of the service may be worked on at the same time; default: it has the service to itself */
  claims?: 'hosts';
  /** `balancers`: nothing is done on the hosts themselves, which may be dead */
  actsAt?: 'balancers';
  /** hosts to change, in order */
  hosts: PlannedHost[];
  batches?: PlannedBatch[];
  blueGreen?: PlannedBlueGreen;
  /** cap on the hosts out of rotation at any moment */
  maxUnavailable: number;
  /** what one host may get; absent where nobody said so, or where it is not to count */
  capacity?: Capacity;
  steps: PlannedStep[];
  checks?: Check[];
  /** null: switched off; plans of format 1 know none */
  gate?: PlannedGate | null;
  /** test users are sent to a host that carries the change */
  testers?: true;
  /** before anything is touched; absent where there are none, and in plans of 0.5.0 and before */
  backups?: PlannedFreshBackup[];
  /** on every host, while all serve; absent in plans of before 0.4.0 */
  prepare?: Prepare[];
  /** in the order in which they are done */
  runOnce?: PlannedRunOnce[];
  /** why hosts go out of service, and who wants it */
  outFor?: { reason: string; by: string };
  /** how hosts come to their full weight */
  ramp?: PlannedRamp;
  /** services that are closed with a page meanwhile */
  closures?: PlannedClosure[];
  page?: PlannedPage;
  /** of a recovery, in the order in which they are begun */
  recovery?: RecoveryStep[];
  /** of a change that is about several services, by name: what steps need to know of them, and their hosts among its own */
  services?: Record<string, PlannedService>;
  members?: Record<string, PlannedHost[]>;
  /** for how long they may be closed, where that does not follow from `times` */
  closedMinutes?: number;
  /** who agrees that nobody serves meanwhile, and why */
  consent?: string;
  /** where lost requests are counted; absent in plans of earlier releases */
  certificate?: PlannedCertificate;
  /** absent where the cluster file names no channels, and in plans of earlier releases */
  notifications?: PlannedNotifications;
  settings: Settings;
}

/** Of a change that goes from host to host in batches. */
export interface RolloutIntent extends Intent {
  batches: PlannedBatch[];
  checks: Check[];
  settings: Settings & Pick<RollingUpgradeInput, 'minHealthySeconds' | 'soakSeconds' | 'watchSeconds'>;
}

export interface UpgradeIntent extends RolloutIntent {
  workflow: 'rollingUpgrade';
  version: string;
  artifact: PlannedArtifact;
  previousArtifact: PlannedArtifact | null;
  config?: PlannedConfig;
  runOnce: PlannedRunOnce[];
}

export interface ConfigIntent extends RolloutIntent {
  workflow: 'configCanary';
  about: string;
  config: PlannedConfig;
}

export interface OfflineIntent extends Intent {
  workflow: 'nodeOffline';
  about: string;
  outFor: { reason: string; by: string };
}

/** Of a change that brings hosts in. */
export interface RampIntent extends Intent {
  /** files that they get first, so that they have what the others have */
  config?: PlannedConfig;
  about: string;
  checks: Check[];
  gate: PlannedGate | null;
  ramp: PlannedRamp;
}

export interface OnlineIntent extends RampIntent {
  workflow: 'nodeOnline';
}

/** Checksums of what a host runs, SHA-256 in hexadecimal; empty: there is nothing. */
export interface Sums {
  /** names and contents of the release's files */
  release: string;
  /** the unit's text with its drop-ins */
  unit: string;
}

export interface ReplacementIntent extends Intent {
  config?: PlannedConfig;
  workflow: 'nodeReplacement';
  about: string;
  outFor: { reason: string; by: string };
  /** `sums`: what the new host must run, as the old one does */
  replaces: { mode: 'planned' | 'emergency'; sums?: Sums };
}

export interface RollbackIntent extends Intent {
  workflow: 'emergencyRollback';
  version: string;
  about: string;
  outFor: { reason: string; by: string };
  /** hosts that are worked on side by side: as many as may leave, whoever is left out aside */
  atOnce: number;
  /** in which one host is back at the latest, by the limits of its service */
  hostSeconds: number;
}

export interface MaintenanceIntent extends Intent {
  workflow: 'maintenanceMode';
  closures: PlannedClosure[];
  page: PlannedPage;
  times: Pick<MaintenanceModeInput, 'start' | 'end' | 'durationMinutes' | 'maxMinutes' | 'announce'>;
}

/** A release that hosts of a service get anew. */
export interface NewRelease {
  version: string;
  artifact: PlannedArtifact;
}

/** Of a change that brings back what is damaged, of several services and sources. */
export interface DisasterIntent extends Intent {
  workflow: 'disasterRecovery';
  about: string;
  /** ISO time; absent where nobody said when it was */
  since?: string;
  recovery: RecoveryStep[];
  services: Record<string, PlannedService>;
  members: Record<string, PlannedHost[]>;
  /** by service */
  releases: Record<string, NewRelease>;
  /** files that hosts get, one for each service and revision */
  configs: PlannedConfig[];
  /** by service that can be asked, with what it is judged by and those hosts that nothing is done to */
  probes: Record<string, { limits: PlannedGate; others: PlannedHost[] }>;
}

/** What a host ran and carried when the plan was made: where an undo goes back to. */
export interface ObservedHost {
  version: string;
  /** of its unit, as systemd calls it; plans of earlier releases do not say */
  active?: string;
  /** label of the configuration that it has; absent where it has none that anybody knows */
  config?: string;
  /** by balancer */
  traffic: Record<string, { state: TrafficState; weight: number; sessions: number }>;
  freeMiB: number;
  /** why it can only be kept out of rotation: it gives no answer, say */
  unfit?: string;
  /** why it is out of service, where that is known */
  out?: OutOfService;
}

export interface Plan<I extends Intent = Intent> {
  /** rises when the meaning of a plan changes; open runs branch on it. 1: made by 0.1.0 */
  format: 1 | 2;
  intent: I;
  hash: string;
  /** the same for every start of this change, however many hosts carry it already; absent in format 1 */
  same?: string;
  /** what keeps hosts from being changed right now; it may pass when another change is at work on them */
  unready?: Mistake[];
  /** not hashed */
  observed: {
    at: string;
    hosts: Record<string, ObservedHost>;
    /** of changes that bring hosts in: who serves already, and with which weights in all, by balancer */
    peers?: { hosts: PlannedHost[]; weights: Record<string, number> };
    /** releases that the service may go back to, newest first; plans of earlier releases do not say */
    stable?: Stable[];
    /** of a recovery: all that was looked at */
    damage?: Looked[];
  };
  /** what a reader should know: dropped batches, shortened defaults, hosts that need nothing */
  notes: string[];
  /** not hashed: the states that it leads to are */
  diffs?: Diffs;
}
