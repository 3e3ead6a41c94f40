import { z } from 'zod';
import { Amount, by, Drain, notify, patience, planning, reason, target, Version } from './common';

/** Goes before all other changes; what works on the service gives way. */
export const EmergencyRollbackInput = z.strictObject({
  ...target,
  /** default: the newest release that has proven itself, or the one before where that is what runs */
  version: Version.optional(),
  /** label of the configuration: a revision, as hosts and earlier reports tell it; default: the one that proved itself with the version */
  config: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a revision such as 3f2a91c07d55')
    .optional(),
  reason,
  by,
  /** only if what most hosts run has not proven itself for so long: what has served for days is seldom what broke it */
  withinHours: z.number().min(0.1).max(8_760).optional(),
  /** hosts of the service that must go on serving, whatever they run; a percentage rounds up */
  minServing: Amount.default('50%'),
  /** the capacity of the cluster file counts, too: then it may wait until the load falls */
  obeyCapacity: z.boolean().default(false),
  /** a bad release may not hold its sessions for long */
  drain: Drain.prefault({ deadlineSeconds: 5, onDeadline: 'force' }),
  ...patience,
  /** one that gives no answer for so long is kept out, and the others go on */
  unreachableSeconds: z.number().int().min(5).max(86_400).default(20),
  personDeadlineHours: z.number().min(0.01).max(720).default(1),
  notify,
  ...planning,
});
export type EmergencyRollbackInput = z.output<typeof EmergencyRollbackInput>;
