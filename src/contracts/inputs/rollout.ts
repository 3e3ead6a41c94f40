/** What the inputs of changes that go from host to host in batches have in common. */
import { z } from 'zod';
import { Name } from '../names';
import {
  Amount,
  Check,
  Drain,
  failureBudget,
  patience,
  planning,
  progressDeadlineSeconds,
  Seconds,
  WEEK,
} from './common';
import { Gate } from './gate';

/** A target of hosts, with what is special about it. */
export const Batch = z.union(
  [
    Amount,
    z.strictObject({
      to: Amount,
      /** percent of all requests that the hosts with the change get together, by their weights; 0: those of test users only; default: as many as come */
      share: z.number().int().min(0).max(99).optional(),
      /** observation after it; default: that of the change */
      soakSeconds: Seconds(WEEK).optional(),
    }),
  ],
  { error: 'hosts such as 1 or "30%", or {"to": 1, "share"?: 5, "soakSeconds"?: 600}' },
);
export type Batch = z.output<typeof Batch>;

export const rollout = {
  /** these hosts, in this order; default: all of the service in the order of the cluster file */
  hosts: z.array(Name).min(1).max(10_000).optional(),
  drain: Drain.prefault({}),
  /** a host must stay healthy in rotation this long before the next one leaves */
  minHealthySeconds: Seconds(3_600).default(10),
  /** observation after each batch but the last */
  soakSeconds: Seconds(WEEK).default(60),
  /** observation after the last batch, before the change counts as succeeded */
  watchSeconds: Seconds(WEEK).default(60),
  /** what the changed hosts must keep to, measured during and after each observation */
  gate: Gate.prefault({}),
  checks: z.array(Check).max(50).default([]),
  /** put back what was touched, leave everything as it stands, or ask a person (retry, skip, abort) */
  onFailure: z.enum(['undo', 'freeze', 'ask']).default('undo'),
  failureBudget,
  progressDeadlineSeconds,
  ...patience,
  ...planning,
};
