/** What a health watch sees, knows and does: shapes that its activities, its decisions and its status share. */
import type { HealthWatchInput } from './inputs/health-watch';
import type { PlannedNotifications } from './notifications';
import type { PlannedHost } from './plan';
import type { HostTraffic } from './status';

export type WatchPolicy = Pick<
  HealthWatchInput,
  'intervalSeconds' | 'failures' | 'passes' | 'onUnhealthy'
> & {
  /** hosts that must be in rotation */
  floor: number;
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
  /** out because somebody wants it; `own`: a health watch of this service */
  away: { by: string; own: boolean } | null;
  /** the change that holds it now */
  busy: string | null;
  balancers: Record<string, HostTraffic>;
  places: PlannedHost['places'];
}

/** What is wrong with a host, from the first alert to the all-clear. */
export interface Trouble {
  /** milliseconds */
  since: number;
  why: string;
  /**
   * `retired`: out until somebody brings it in; `failed`: it could not be taken out; `floor`: too few would be left;
   * `told`: people only are told
   */
  state: 'ejected' | 'retired' | 'failed' | 'floor' | 'told';
}

/** Everything a watch knows. Plain JSON: heartbeats and continue-as-new carry it. */
export interface WatchMemory {
  /** of the last look, milliseconds; 0: there was none */
  at: number;
  hosts: Record<string, { fails: number; passes: number; trouble: Trouble | null }>;
}

/** What has changed. */
export type WatchNews =
  | { news: 'eject'; host: string; why: string }
  | { news: 'putBack'; host: string; why: string }
  /** it stays in rotation although it is unhealthy */
  | { news: 'stays'; host: string; why: string; because: string }
  | { news: 'over'; host: string; why: string };

export interface Watched {
  memory: WatchMemory;
  news: WatchNews[];
  /** of the last look; empty: there was none */
  looked: Looked[];
}

/** One host out of rotation, or back into it: a change of its own. */
export interface EjectionInput {
  cluster: string;
  file: string;
  service: string;
  host: PlannedHost;
  act: 'eject' | 'putBack';
  why: string;
  /** hosts of the service that may be out, this one among them */
  cap: number;
  /** by balancer, to put it back with */
  weights: Record<string, number>;
}

export interface EjectionResult {
  done: boolean;
  /** in words, when it was not done */
  why: string;
}

/** Ids of ejections: on the balancers' hosts what a health watch has done is known by them. */
export function ejectionId(act: EjectionInput['act'], service: string, host: string, at: number): string {
  return `${PREFIX[act]}-${service}-${host}-${at}`;
}

export function isEjection(service: string, host: string, id: string): boolean {
  return Object.values(PREFIX).some((prefix) => {
    const begin = `${prefix}-${service}-${host}-`;
    return id.startsWith(begin) && /^\d+$/.test(id.slice(begin.length));
  });
}

const PREFIX: Record<EjectionInput['act'], string> = { eject: 'eject', putBack: 'back-eject' };
