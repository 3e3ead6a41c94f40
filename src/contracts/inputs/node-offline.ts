import { z } from 'zod';
import { Name } from '../cluster';
import { Amount, by, Drain, patience, planning, progressDeadlineSeconds, reason, target } from './common';

export const NodeOfflineInput = z.strictObject({
  ...target,
  /** these hosts, in this order */
  hosts: z.array(Name).min(1).max(1_000),
  reason,
  by,
  /** cap on the hosts of the service that are out when the change is over, others that are out already among them */
  maxUnavailable: Amount.default(1),
  drain: Drain.prefault({}),
  approvals: z
    .array(z.enum(['before']))
    .max(1)
    .default([]),
  /** put back what was taken out, leave everything as it stands, or ask a person (retry, skip, abort) */
  onFailure: z.enum(['undo', 'freeze', 'ask']).default('undo'),
  progressDeadlineSeconds,
  ...patience,
  ...planning,
});
export type NodeOfflineInput = z.output<typeof NodeOfflineInput>;
