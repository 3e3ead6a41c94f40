import { z } from 'zod';
import { Name } from '../cluster';
import { ChangeRecord } from '../config-set';
import {
  Amount,
  Check,
  Drain,
  failureBudget,
  patience,
  planning,
  progressDeadlineSeconds,
  Seconds,
  target,
  WEEK,
} from './common';
import { Gate } from './gate';
import { Batch } from './rolling-upgrade';

export const ConfigCanaryInput = z.strictObject({
  ...target,
  /** a release of the config centre, or a branch or a commit with a record of its own */
  revision: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'a tag, a branch or a commit'),
  /** what, why, impact and rollback; default: what the release says */
  record: ChangeRecord.optional(),
  /** these hosts, in this order; default: all that have the files, in the order of the cluster file */
  hosts: z.array(Name).min(1).max(10_000).optional(),
  /** cumulative targets: how many hosts have the files when the batch is over */
  batches: z
    .array(Batch)
    .min(1)
    .max(100)
    .default([{ to: 1, soakSeconds: 7_200 }, { to: '30%', soakSeconds: 3_600 }, '100%']),
  /** cap on the hosts out of rotation at any moment */
  maxUnavailable: Amount.default(1),
  drain: Drain.prefault({}),
  /** a host must stay healthy in rotation this long before the next one leaves */
  minHealthySeconds: Seconds(3_600).default(10),
  /** observation after each batch that does not say otherwise */
  soakSeconds: Seconds(WEEK).default(60),
  /** observation after the last batch, before the change counts as succeeded */
  watchSeconds: Seconds(WEEK).default(60),
  /** what the changed hosts must keep to, measured during and after each observation */
  gate: Gate.prefault({}),
  checks: z.array(Check).max(50).default([]),
  approvals: z
    .array(z.enum(['before', 'afterFirstBatch']))
    .max(2)
    .default([]),
  /** put back what was touched, leave everything as it stands, or ask a person (retry, skip, abort) */
  onFailure: z.enum(['undo', 'freeze', 'ask']).default('undo'),
  failureBudget,
  progressDeadlineSeconds,
  ...patience,
  ...planning,
});
export type ConfigCanaryInput = z.output<typeof ConfigCanaryInput>;
