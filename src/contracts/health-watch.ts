/** What a health watch sees, knows and does: shapes that its activities, its decisions and its status share. */
import type { HealthWatchInput } from './inputs/health-watch';
import type { PlannedNotifications } from './notifications';
import type { HostTraffic } from './status';

export type WatchPolicy = Pick<
  HealthWatchInput,
  'intervalSeconds' | 'failures' | 'passes' | 'onUnhealthy'
> & {
  /** hosts that must be in rotation */
  floor: number;
  /** `unhealthy`: hosts, at least 1 */
  rollback?: { unhealthy: number; withinHours: number };
};

export interface PlannedWatch {
  cluster: string;
  /** path of the cluster file */
  file: string;
  service: string;
  hosts: string[];
  policy: WatchPolicy;
  /** absent where the cluster file names nobody */
  notifications?: PlannedNotifications;
  notes: string[];
  dryRun?: boolean;
}

/** One host in one look. */
export interface Looked {
  host: string;
  /** null: it is well; undefined: nobody can tell, which is neither a failure nor a pass */
  fault: string | null | undefined;
  /** in rotation on every balancer */
  serving: boolean;
  /** out because somebody wants it; `own`: what a health watch of this service did */
  away: { by: string; own: WatchAct | null } | null;
  /** the change that holds it now */
  busy: string | null;
  balancers: Record<string, HostTraffic>;
}

/** What is wrong with a host, from the first alert to the all-clear. */
export interface Trouble {
  /** milliseconds */
  since: number;
  why: string;
  /**
   * `out`: taken out; `failed`: it could not be; `floor`: too few would be left; `told`: people only are told
   */
  state: 'out' | 'failed' | 'floor' | 'told';
}

/** Everything a watch knows. Plain JSON: heartbeats and continue-as-new carry it. */
export interface WatchMemory {
  /** of the last look, milliseconds; 0: there was none */
  at: number;
  hosts: Record<string, { fails: number; passes: number; trouble: Trouble | null }>;
  /** milliseconds; the service was to go back to an earlier release, and its hosts are not all well since */
  rolledBack?: number;
}

/** What has changed. */
export type WatchNews =
  | { news: 'eject'; host: string; why: string }
  | { news: 'putBack'; host: string; why: string }
  /** it stays in rotation although it is unhealthy */
  | { news: 'stays'; host: string; why: string; because: string }
  | { news: 'over'; host: string; why: string }
  /** the service is to go back; `host` is the first of those that are unhealthy */
  | { news: 'rollBack'; host: string; why: string };

export interface Watched {
  memory: WatchMemory;
  news: WatchNews[];
  /** of the last look; empty: there was none */
  looked: Looked[];
}

/** How it went to take a host out, or to bring it back. */
export interface Outcome {
  done: boolean;
  /** in words, when it was not done */
  why: string;
}

/** `retire`: out until a person brings it back. */
export type WatchAct = 'eject' | 'retire' | 'putBack';

const PREFIX: Record<WatchAct, string> = { eject: 'eject', retire: 'retire', putBack: 'back-eject' };

/** Ids of the runs that a watch starts: on the balancers' hosts what it has done is known by them. */
export function watchRunId(act: WatchAct, service: string, host: string, at: number): string {
  return `${PREFIX[act]}-${service}-${host}-${at}`;
}

/** @returns null for a run that no watch of this service has started for this host */
export function actOfRun(service: string, host: string, id: string): WatchAct | null {
  const at = /-(\d+)$/.exec(id)?.[1] ?? '';
  const acts = Object.keys(PREFIX) as WatchAct[];
  return acts.find((act) => at && id === `${PREFIX[act]}-${service}-${host}-${at}`) ?? null;
}
