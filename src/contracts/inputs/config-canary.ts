import { z } from 'zod';
import { ChangeRecord } from '../config-set';
import { Amount, target } from './common';
import { Batch, rollout } from './rollout';

export const revision = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'a tag, a branch or a commit');

export const ConfigCanaryInput = z.strictObject({
  ...target,
  /** a release of the config centre, or a branch or a commit with a record of its own */
  revision,
  /** what, why, impact and rollback; default: what the release says */
  record: ChangeRecord.optional(),
  /** cumulative targets: how many hosts have the files when the batch is over */
  batches: z
    .array(Batch)
    .min(1)
    .max(100)
    .default([{ to: 1, soakSeconds: 7_200 }, { to: '30%', soakSeconds: 3_600 }, '100%']),
  /** cap on the hosts out of rotation at any moment */
  maxUnavailable: Amount.default(1),
  approvals: z
    .array(z.enum(['before', 'afterFirstBatch']))
    .max(2)
    .default([]),
  ...rollout,
});
export type ConfigCanaryInput = z.output<typeof ConfigCanaryInput>;
