/** What a cluster's balancers should show and do show: shapes that the lease, its activities and its status share. */
import { z } from 'zod';
import type { PlannedNotifications } from './notifications';

/** A host that a change wants out of rotation, or at a certain weight, and has not handed back. */
export interface KeptPlace {
  service: string;
  host: string;
  balancer: string;
  /** `out`, `draining`, `in at weight 5` */
  wanted: string;
  /** workflow id */
  by: string;
  /** ISO time */
  since: string;
}

/** Something at a balancer that a person should know. */
export interface BalancerFinding {
  /** the same as long as it is the same trouble */
  key: string;
  /** null: it concerns all services */
  service: string | null;
  /** one sentence */
  what: string;
}

/** How balancers were found, and what was done about it. */
export interface BalancerLook {
  /** null: a balancer gave no answer, so nobody knows */
  kept: KeptPlace[] | null;
  findings: BalancerFinding[];
  /** one sentence for each server that was brought back to what is wanted */
  repaired: string[];
}

export interface BalancerNews extends BalancerLook {
  /** whom to tell, by service; nobody where it is missing */
  tell: Record<string, PlannedNotifications>;
}

/** From a person to the lease: what is kept of this host is kept no longer. */
export const HandBack = z.strictObject({
  host: z.string().min(1).max(63),
  by: z.string().min(1).max(100),
});
export type HandBack = z.output<typeof HandBack>;
