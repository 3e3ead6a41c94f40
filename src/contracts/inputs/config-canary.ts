import { z } from 'zod';
import { Name } from '../names';
import { ChangeRecord, Revision } from '../config-set';
import { Amount, by, target } from './common';
import { Batch, rollout } from './rollout';

export const ConfigCanaryInput = z.strictObject({
  ...target,
  /** the folder of the config centre; default: that of the service's name */
  set: Name.optional(),
  /** a host of the service that serves nobody and gets the files before any other is touched */
  testHost: Name.optional(),
  /** a release of the config centre, or a branch or a commit with a record of its own */
  revision: Revision,
  /** what, why, impact and rollback; default: what the release says */
  record: ChangeRecord.optional(),
  /** who wants it, where rights name requesters; a word, not a proof */
  by: by.optional(),
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
