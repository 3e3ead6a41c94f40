/**
 * The world outside as the activities see it. Adapters implement these interfaces, activities use
 * them, and neither knows Temporal.
 */
import type { Duplex, Readable } from 'node:stream';
import type { Counts } from './certificate';
import type { Latency } from './cluster';
import type { Histogram, Requests } from './gate';
import type { Announcement, Undelivered } from './notifications';

/** Orders attempts: what an older pair would still do is refused by the host. */
export interface Fence {
  /** milliseconds; rises from change to change */
  epoch: number;
  /** when this attempt was scheduled, milliseconds; rises from attempt to attempt */
  attempt: number;
}

export interface Ran {
  /** exit code; a lost answer is thrown as OutcomeUnknown and never looks like a code */
  code: number;
  /** valid UTF-8, capped */
  stdout: string;
  stderr: string;
  /** true when output was cut at the cap */
  truncated: boolean;
}

export interface RunOptions {
  signal: AbortSignal;
  /** default 30 s; ends in TimedOut */
  timeoutMs?: number;
  stdin?: string | Buffer | Readable;
  /** per stream, default 1 MiB */
  maxOutputBytes?: number;
}

/** One host over pooled SSH. Throws HostUnreachable, StreamRefused, HostKeyChanged, AccessDenied, OutcomeUnknown, TimedOut. */
export interface RemoteHost {
  readonly name: string;
  /**
   * Runs one of the fixed programs in `src/host/` (name without `.sh`) with arguments. Arguments are
   * quoted in one place; data goes on stdin.
   */
  run(script: string, args: readonly string[], options: RunOptions): Promise<Ran>;
  /** A stream to a UNIX socket on the host. */
  openSocket(path: string, signal: AbortSignal): Promise<Duplex>;
  /** A TCP stream that starts on the host (direct-tcpip), e.g. to 127.0.0.1:8080 there. */
  openTcp(address: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** All hosts of one cluster file. */
export interface RemoteHosts {
  on(host: string): RemoteHost;
  close(): Promise<void>;
}

/** In a balancer. `down`: wanted in, but its health check fails. */
export type TrafficState = 'in' | 'draining' | 'out' | 'down' | 'unknown';

/**
 * What is wanted of a balancer, and kept up until something else is: through reloads, restarts and edits by hand.
 * `in` hands the server back, unless its weight is `held`.
 */
export type WantedTraffic =
  { state: 'in'; weight: number; held?: boolean } | { state: 'draining' } | { state: 'out' };

/** What a change wants of a server and has not taken back. */
export interface KeptServer {
  backend: string;
  server: string;
  wanted: WantedTraffic;
  /** workflow id of the change, `unknown` where its name was never written down */
  by: string;
  epoch: number;
  /** when this change wanted it elsewhere for the first time, milliseconds */
  since: number;
}

/** How servers were found, and what was done about it. */
export interface Reconciled {
  kept: KeptServer[];
  /** were otherwise and are as wanted again; `says`: what the balancer said of them before */
  repaired: (KeptServer & { says: string })[];
  /** could not be made so, and why */
  failed: (KeptServer & { why: string })[];
  /** out of rotation, and nobody has wanted that: somebody may have meant it, so nothing is done */
  unowned: { backend: string; server: string; says: string }[];
}

/** What a balancer says of one server. */
export interface TrafficFacts {
  state: TrafficState;
  /** 0 to 256 on HAProxy, 1 to 65535 in nginx */
  weight: number;
  /** requests or connections in work on this server now, those of an old balancer process included where it can be told */
  sessions: number;
  /** the balancer's own words, e.g. `UP 1/2`, `DRAIN`, `MAINT` */
  says: string;
  /** its own check of the server passes now, or it makes none; while a server is out nobody checks it */
  healthy: boolean;
  /** changes when the balancer was reloaded or restarted, and what was set or counted may be lost */
  generation: string;
}

/** What a balancer has counted of a backend since this generation began. */
export interface BackendCounts {
  generation: string;
  /** requests that came so far; falls only when somebody clears counters */
  came: number;
  /** requests a second that come now */
  rate: number;
  /** as clients saw it */
  clients: Counts;
  /** by the word of each server; what was repeated elsewhere with success is no loss of clients */
  servers: Record<string, Counts>;
}

/** What keeps a balancer from being used, and how it is mended. */
export interface BalancerComplaint {
  code: string;
  /** in words */
  what: string;
  /** one command line, as root on its host */
  mend: string;
}

/** Vendor words stay behind this. Throws BalancerRefused, BalancerUnavailable, Fenced and the SSH failures. */
export interface LoadBalancer {
  /** False where requests to single servers are not counted: whoever judges them has to ask otherwise. */
  readonly countsRequests: boolean;
  /** All servers of a backend by name: one round trip. */
  backend(backend: string, signal: AbortSignal): Promise<Record<string, TrafficFacts>>;
  /** One server of it, for as little whatever the size of the backend. */
  server(backend: string, server: string, signal: AbortSignal): Promise<TrafficFacts>;
  /** Sets the wanted state, refused by the balancer's host when a newer fence was seen for this server. */
  set(
    backend: string,
    server: string,
    wanted: WantedTraffic,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Makes servers again what was wanted of them, where the balancer shows something else. The newest wish counts
   * whoever has it; no fence is raised. A server at which somebody works just now is left for the next time.
   */
  reconcile(places: { backend: string; server: string }[], signal: AbortSignal): Promise<Reconciled>;
  /** Nobody wants this any longer, unless somebody else has wanted something since; the server stays as it is. */
  handBack(kept: KeptServer, signal: AbortSignal): Promise<void>;
  /** Locks everybody with an older fence out of these servers, and writes down who holds them now. */
  raise(
    places: { backend: string; server: string }[],
    fence: Fence,
    holder: string,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Drains a server, counts the requests that are left there, and takes it out when there is none and `thenOut` is
   * wanted: in one round trip, fenced as `set` is. Requests of processes that a reload replaced count too, and idle
   * connections of theirs that may bring one more.
   *
   * @param wanted.seen what was seen of it just now: one that is out stays out
   * @returns requests that are left
   */
  drain(
    backend: string,
    server: string,
    wanted: { seen: TrafficFacts; thenOut: boolean },
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number>;
  /** What it has counted of requests to each server since this generation began, where `countsRequests`. */
  requests(
    backend: string,
    signal: AbortSignal,
  ): Promise<Record<string, { generation: string; requests: Requests }>>;
  /** What it has counted of requests to a backend, where `countsRequests`. */
  counts(backend: string, signal: AbortSignal): Promise<BackendCounts>;
  /** Looks whether all that we need of it is there, and changes nothing. */
  examine(signal: AbortSignal): Promise<BalancerComplaint[]>;
}

/** A metrics server. Throws MetricsUnavailable for everything that is no plain answer. */
export interface Metrics {
  /** Response times of hosts between two times, milliseconds; throws where there are none. */
  latency(
    series: Latency,
    hosts: string[],
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<Histogram>;
  /** Throws unless each of these hosts has reported response times of late. */
  reported(series: Latency, hosts: string[], now: number, signal: AbortSignal): Promise<void>;
  /** One number now; `{hosts}` in the query stands for these hosts. */
  value(query: string, hosts: string[], signal: AbortSignal): Promise<number>;
}

/** What a channel made of a message. */
export interface Delivered {
  /** what it answered, in words; empty where there is trouble */
  says: string;
  /** without secrets */
  trouble?: Omit<Undelivered, 'channel'>;
}

/** The channels of a cluster file. Throws nothing: whoever tells people of a change must not stop it. */
export interface Notifier {
  /** Bounded by 10 s. Sending again what was sent already is allowed, and receivers may see it twice. */
  send(channel: string, announcement: Announcement, signal: AbortSignal): Promise<Delivered>;
}

/** A job on a host: long, or not to be run twice. */
export interface JobSpec {
  /** SHA-256 of change, step, host, digest of script and arguments, round; see domain/job-key */
  key: string;
  /** the resource, e.g. `web`: one active job per lane and host */
  lane: string;
  fence: Fence;
  /** a program in `src/host/jobs/`, name without `.sh` */
  script: string;
  args: readonly string[];
  maxSeconds: number;
  /** what to do when the job was cut off (reboot, kill) */
  ifCut: 'runAgain' | 'report';
}

export interface JobResult {
  /** exit code of the script; only 0 is success */
  code: number;
  /** last 64 KiB of output, valid UTF-8 */
  output: string;
  /** true when an earlier attempt had started it */
  reattached: boolean;
}

/** Throws JobDied, Fenced, LaneBusy and the SSH failures. A script that exits non-zero is a JobResult. */
export interface Jobs {
  run(
    host: RemoteHost,
    job: JobSpec,
    signal: AbortSignal,
    onProgress?: (line: string) => void,
  ): Promise<JobResult>;
}
