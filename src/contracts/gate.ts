/** What a gate measures and says. Plain JSON: it goes between activity and workflow, and along with the state. */
import type { Latency, OwnMetric } from './cluster';
import type { Gate } from './inputs/gate';

/** The gate of a plan. */
export interface PlannedGate extends Omit<Gate, 'enabled' | 'timePercentOfPeers' | 'memoryHoursLeft'> {
  /** plans of earlier releases do not say */
  timePercentOfPeers?: number;
  memoryHoursLeft?: number;
  /** the histogram in the metrics server that response times come from; null: from own probes */
  latency: Latency | null;
  /** what own probes ask for */
  probePaths: string[];
  /** queries of the user's, with their limits */
  own: OwnMetric[];
}

/** What balancers counted of requests to one server. */
export interface Requests {
  /** complete answers of the host, whatever their status */
  answers: number;
  /** 5xx among them */
  serverErrors: number;
  /** requests without a complete answer: refused, cut, too late; and each that the balancer had to repeat */
  failures: number;
}

/** Requests of one server since the gate began: a balancer that is reloaded begins to count anew. */
export interface ServerTally {
  host: string;
  generation: string;
  last: Requests;
  sum: Requests;
  /** that it had at the last look; what earlier releases counted does not say */
  weight?: number;
}

/** How many answers took how long. */
export interface Histogram {
  samples: number;
  /** ascending; empty ones are left out */
  buckets: [aboveMs: number, upToMs: number, samples: number][];
}

/** What a unit and its host had used at one time. */
export interface UsageReading {
  /** milliseconds */
  at: number;
  /** rises with each start of the unit */
  invocation: string;
  unitCpuSeconds: number;
  /** processors that the unit may use */
  unitCpus: number;
  unitMemoryBytes: number;
  unitMemoryMaxBytes: number;
  hostBusySeconds: number;
  hostTotalSeconds: number;
  hostMemoryBytes: number;
  hostMemoryMaxBytes: number;
}

/** Seconds of the host's own clock. */
export type MemorySample = [at: number, mebibytes: number];

/** Two readings far enough apart to tell the use between them; `next` becomes `from` after a while. */
export interface UsageTally {
  from: UsageReading;
  next: UsageReading;
  last: UsageReading;
  /** memory of the unit since it was started, thinned out; of some hosts only */
  memory?: MemorySample[];
}

/** All that was counted since a gate began. Whoever goes on with it begins here. */
export interface Tally {
  /** milliseconds of the worker that began it */
  begunAt: number;
  /** by balancer/backend/server */
  servers: Record<string, ServerTally>;
  probes: { changed: Histogram; others: Histogram };
  /** by host, what own probes got; there where no balancer counts requests */
  asked?: Record<string, Requests>;
  /** by host */
  usage: Record<string, UsageTally>;
  /** by name of an own metric: how often in a row it was out of its limits */
  outside: Record<string, number>;
}

/** Response times before the change, or how they usually are at this hour. */
export interface Usual {
  /** null: not known */
  p95Ms: number | null;
  /** in words: where it comes from, or why it is not known */
  from: string;
  /** the most that a host's unit used; absent where it could not be read, and in what earlier releases measured */
  memoryMiB?: number;
}

export type Verdict = 'pass' | 'hold' | 'fail';

export interface Claim {
  name: string;
  verdict: Verdict;
  /** one sentence with numbers */
  text: string;
}

export interface Judgement {
  verdict: Verdict;
  /** one sentence: what decides, or what is waited for */
  text: string;
  claims: Claim[];
}

/**
 * What was known of some hosts at one time: counts and response times since the gate began, memory and processors of the
 * unit that used most. Short, for many of them stand in the state of a run.
 */
export type Figures = [
  answers: number,
  serverErrors: number,
  failures: number,
  p95Ms: number | null,
  memoryMiB: number | null,
  cpuPercent: number | null,
];

export type Look = [secondsSinceItBegan: number, changed: Figures, peers: Figures];

/** What a gate saw, for its charts. */
export interface Sight {
  hosts: { changed: number; peers: number };
  /** of all their servers together, at the last look; absent where no balancer counts */
  weights?: { changed: number; peers: number };
  /** null: not known, or none */
  limits: { errorPercent: number; p95Ms: number | null; memoryMiB: number | null; cpuPercent: number };
  /** ascending, thinned out */
  looks: Look[];
  /** what it said at its end */
  claims?: Claim[];
}
