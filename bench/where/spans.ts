/** One thing that an activity did over SSH. */
export interface Span {
  activity: string;
  /** `switchRelease` */
  kind: string;
  /** `run job-run`, `socket`, `tcp` */
  what: string;
  host: string;
  /** milliseconds of the clock */
  at: number;
  ms: number;
}

/** Where the traced worker writes spans, a JSON line each. */
export const SPANS_VARIABLE = 'PAWL_BENCH_SPANS';
