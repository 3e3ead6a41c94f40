/** The lease of a cluster: who may work on its hosts, who waits, and what they tell each other. */
import { z } from 'zod';

/** The workflow's id. Clusters go by their names, whatever file lists them. */
export const leaseId = (cluster: string) => `lease:${cluster}`;

/** Something that one change at a time works on, or several side by side. */
export const Claim = z.strictObject({
  /** `host n1`, `balancer edge`, `service web` */
  name: z.string().min(1).max(200),
  mode: z.enum(['shared', 'exclusive']),
});
export type Claim = z.output<typeof Claim>;

/** A change asks for all that it works on, at once. Asking again changes nothing. */
export const LeaseAsk = z.strictObject({
  /** workflow id; messages go there */
  id: z.string().min(1).max(1_000),
  /** names the change, also after a reset; an id may be used again */
  change: z.string().min(1).max(1_100),
  /** in words, e.g. `web → 1.4.2` */
  what: z.string().max(500),
  rank: z.enum(['usual', 'emergency']).default('usual'),
  claims: z.array(Claim).min(1).max(25_000),
  /** digests; who asks with one of these while the change waits or works asks for the same change */
  same: z.array(z.string().max(100)).max(10).default([]),
});
export type LeaseAsk = z.output<typeof LeaseAsk>;

/** A change that waits no longer. */
export const LeaseWithdraw = z.strictObject({ change: z.string().min(1).max(1_100) });

/** Signals to the lease. */
export const TO_LEASE = { ask: 'ask', withdraw: 'withdraw' } as const;

/** Signals to those who asked. Each names the change that it is for. */
export interface ToHolder {
  leaseGranted: {
    change: string;
    /** milliseconds; orders changes on the hosts */
    epoch: number;
    claims: Claim[];
    /** what earlier changes left on these hosts, one sentence each */
    leftovers: string[];
  };
  /** it waits in line */
  leaseQueued: { change: string; line: Line };
  leaseRefused: { change: string; why: 'alreadyRunning' | 'tooMany'; by: string };
  /** somebody needs the hosts at once: end at the next safe moment */
  /** `takesAll`: whoever comes sees to every host, however it stands; older leases do not say */
  yieldLease: { change: string; by: string; epoch: number; until: string; takesAll?: boolean };
  /** too late: somebody else works on the hosts; touch nothing more */
  leaseLost: { change: string; by: string };
}

/** How somebody waits. */
export interface Line {
  /** 1-based */
  place: number;
  of: number;
  /** those who hold what is waited for */
  holders: Named[];
  /** those ahead in line who want some of the same */
  ahead: Named[];
}

export interface Named {
  id: string;
  what: string;
}

/** What a new lease is started with. */
export interface LeaseStart {
  cluster: string;
  /** path of the cluster file, as the worker sees it */
  file: string;
  /** how the lease before it ended; where that is not known, or not well, holders are looked for */
  before: { ended: true; epoch: number; leftovers: Leftover[] } | { ended: false; runId?: string };
  /** it keeps balancers as changes want them; leases that an older release started do not, up to their next day */
  keeps?: true;
}

/** What a change left when it ended. */
export interface Leftover {
  id: string;
  claims: Claim[];
  /** one sentence each */
  what: string[];
}

/** Somebody who holds a lease. */
export interface Held extends LeaseAsk {
  /** a repair works for the one that was cut off */
  kind: 'change' | 'repair';
  epoch: number;
  since: string;
  yielding: { by: string; until: number } | null;
}

/** How a run ended. */
export interface RunEnd {
  /** `cut`: from outside, or by a fault of its code; it could not tell what it leaves */
  how: 'ended' | 'cut';
  /** in words */
  why: string;
  runId?: string;
  /** from its report */
  leftToDo: string[];
}

/** What a repair is started with. */
export interface RepairInput {
  cluster: string;
  file: string;
  /** the run that was cut off */
  dead: { id: string; runId?: string; change: string; what: string; why: string };
  epoch: number;
  claims: Claim[];
}
