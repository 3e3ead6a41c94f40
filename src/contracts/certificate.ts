/** What clients lost while a change was at work, by what balancers counted. */

/** What a balancer has counted of a backend or of one of its servers since this generation began. */
export interface Counts {
  /** requests that are over, whatever came of them */
  ended: number;
  /** of these, those that got no good answer */
  lost: number;
  /** times that the balancer sent one again, here or elsewhere */
  repeated: number;
}

/** One look at a backend, as far as one service is concerned. */
export interface Reading extends Counts {
  generation: string;
  /** requests that came to the backend, those of others too; falls only when somebody clears counters */
  came: number;
  /** by host: lost there, in the words of its server; hosts that lost nothing are left out */
  hosts: Record<string, number>;
}

/** What was read at one place, or why it could not be. */
export type Looked = { balancer: string; backend: string } & (
  { known: true; is: Reading } | { known: false; why: string }
);

/** Where and when something was lost. */
export interface LostAt {
  /** a host, or the balancer that answered in its place */
  at: string;
  /** what went on, in words: `while it was drained` */
  while: string;
  lost: number;
}

/** What stands in the report, and in the status on the way there. */
export interface Certificate {
  /** one sentence */
  text: string;
  /** as many as balancers counted; null: none of this service counts, or none could be read */
  requests: number | null;
  lost: number | null;
  repeated: number;
  /** the most first; those behind the first 50 are put together */
  where: LostAt[];
  /** by balancer, in words: what is not in the figures */
  uncounted: Record<string, string>;
  /** Pawl's own, to single hosts */
  probes: { asked: number; failed: number };
}

/** Everything that was counted so far. Plain JSON: it goes along with the state. */
export interface Account {
  /** milliseconds: the first look */
  since: number;
  counted: Counts;
  /** by balancer/backend: where the last look stood */
  marks: Record<string, Mark>;
  where: LostAt[];
  /** by balancer: seconds before it began to count anew */
  missing: Record<string, number>;
  /** by balancer: why the last look saw nothing */
  silent: Record<string, string>;
  probes: Certificate['probes'];
}

/** The highest figures that a generation has shown: a look in the midst of a request may be one short. */
export interface Mark extends Reading {
  /** milliseconds */
  at: number;
  /** by host: lost by the word of its server, and by clients' not yet */
  open: Record<string, number>;
}
