/** How a request failed. `status`: a complete answer of 400 or above. `cut`: closed within an answer. */
export type FailureKind = 'refused' | 'reset' | 'timeout' | 'cut' | 'status' | 'other';

export interface Failure {
  /** ISO time of the failure */
  at: string;
  /** ISO time of the request */
  sentAt: string;
  kind: FailureKind;
  /** e.g. `503`, `ECONNRESET` */
  detail: string;
  path: string;
  /** which host answered; undefined: the balancer itself, or nobody */
  host?: string;
  version?: string;
}

export interface Counts {
  sent: number;
  ok: number;
  failed: number;
}

export interface LoadResult extends Counts {
  url: string;
  startedAt: string;
  /** since the first request */
  seconds: number;
  /** sent and not answered yet */
  open: number;
  /** were due but held back, because too many requests were open */
  heldBack: number;
  /** the long ones; they are in the other figures too, but not in the latencies */
  slow: Counts;
  byKind: Partial<Record<FailureKind, number>>;
  /** by version, and by host, of the service that answered */
  byVersion: Record<string, { ok: number; failed: number }>;
  byHost: Record<string, { ok: number; failed: number }>;
  /** milliseconds from when a request was due to its complete answer, within 2 % */
  latencyMs: { p50: number; p95: number; p99: number; max: number };
  /** one entry for each second with anything in it; `second` counts from the start */
  timeline: (Counts & { second: number; byVersion: Record<string, number> })[];
  /** the first 1,000 */
  failures: Failure[];
}

export interface Outcome {
  slow: boolean;
  /** milliseconds of the clock */
  due: number;
  path: string;
  host?: string;
  version?: string;
  /** undefined: answered well */
  failure?: { kind: FailureKind; detail: string };
}

const MOST_FAILURES = 1000;
/** Each bucket of the histogram is 2 % wider than the one before; the first ends at 0.01 ms. */
const FINEST_MS = 0.01;
const WIDTH = Math.log(1.02);

/** Milliseconds of the clock, with fractions; never jumps. */
export const now = () => performance.timeOrigin + performance.now();

/** Counts requests. */
export class Tally {
  private readonly startedAt = now();
  private readonly total = counts();
  private readonly slow = counts();
  private readonly byKind: LoadResult['byKind'] = {};
  private readonly byVersion: LoadResult['byVersion'] = {};
  private readonly byHost: LoadResult['byHost'] = {};
  private readonly seconds = new Map<number, LoadResult['timeline'][number]>();
  private readonly failures: Failure[] = [];
  private readonly histogram: number[] = [];
  private slowestMs = 0;
  private heldBack = 0;

  constructor(private readonly url: string) {}

  get open(): number {
    return this.total.sent - this.total.ok - this.total.failed;
  }

  hold(requests: number): void {
    this.heldBack += requests;
  }

  sent(slow: boolean): void {
    this.total.sent += 1;
    this.second().sent += 1;
    if (slow) this.slow.sent += 1;
  }

  ended({ slow, due, path, host, version, failure }: Outcome): void {
    const field = failure ? 'failed' : 'ok';
    const second = this.second();
    this.total[field] += 1;
    second[field] += 1;
    if (slow) this.slow[field] += 1;
    if (version) {
      (this.byVersion[version] ??= { ok: 0, failed: 0 })[field] += 1;
      second.byVersion[version] = (second.byVersion[version] ?? 0) + 1;
    }
    if (host) (this.byHost[host] ??= { ok: 0, failed: 0 })[field] += 1;
    if (!failure) {
      if (!slow) this.measure(now() - due);
      return;
    }
    this.byKind[failure.kind] = (this.byKind[failure.kind] ?? 0) + 1;
    if (this.failures.length >= MOST_FAILURES) return;
    const times = { at: new Date().toISOString(), sentAt: new Date(due).toISOString() };
    this.failures.push({ ...times, ...failure, path, host, version });
  }

  result(): LoadResult {
    const { p50, p95, p99 } = {
      p50: this.percentile(0.5),
      p95: this.percentile(0.95),
      p99: this.percentile(0.99),
    };
    return {
      url: this.url,
      startedAt: new Date(this.startedAt).toISOString(),
      seconds: (now() - this.startedAt) / 1000,
      ...this.total,
      open: this.open,
      heldBack: this.heldBack,
      slow: this.slow,
      byKind: this.byKind,
      byVersion: this.byVersion,
      byHost: this.byHost,
      latencyMs: { p50, p95, p99, max: Math.round(this.slowestMs) },
      timeline: [...this.seconds.values()],
      failures: this.failures,
    };
  }

  private second(): LoadResult['timeline'][number] {
    const second = Math.floor((now() - this.startedAt) / 1000);
    const entry = this.seconds.get(second) ?? { second, ...counts(), byVersion: {} };
    this.seconds.set(second, entry);
    return entry;
  }

  private measure(ms: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(ms / FINEST_MS) / WIDTH));
    this.histogram[bucket] = (this.histogram[bucket] ?? 0) + 1;
    this.slowestMs = Math.max(this.slowestMs, ms);
  }

  private percentile(share: number): number {
    const all = this.histogram.reduce((sum, count) => sum + count, 0);
    let below = 0;
    const bucket = this.histogram.findIndex((count) => (below += count ?? 0) >= share * all);
    return bucket < 0 ? 0 : Number((FINEST_MS * Math.exp(bucket * WIDTH)).toPrecision(3));
  }
}

function counts(): Counts {
  return { sent: 0, ok: 0, failed: 0 };
}
