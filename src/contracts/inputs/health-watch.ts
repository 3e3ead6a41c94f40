import { z } from 'zod';
import { Amount, target } from './common';

const Times = z.number().int().min(1).max(100);

export const HealthWatchInput = z.strictObject({
  ...target,
  /** between two looks at all hosts */
  intervalSeconds: z.number().int().min(1).max(3_600).default(30),
  /** looks in a row that fail until a host counts as unhealthy */
  failures: Times.default(3),
  /** looks in a row that pass until it counts as well again */
  passes: Times.default(3),
  /** hosts that must be in rotation; a percentage rounds up. Nobody is taken out below it */
  minServing: Amount.default('50%'),
  /**
   * take an unhealthy host out of rotation, and back when it is well again; out in the same way, until a person brings
   * it back; or tell people only
   */
  onUnhealthy: z.enum(['eject', 'retire', 'tell']).default('eject'),
  /**
   * go back to the last release that has proven itself, by an emergencyRollback, when so many hosts are unhealthy at
   * once and what runs has not proven itself for `withinHours`; default: never
   */
  rollback: z
    .strictObject({
      unhealthy: Amount.default('30%'),
      withinHours: z.number().min(0.1).max(8_760).default(24),
    })
    .optional(),
  note: z.string().max(2_000).optional(),
  /** check the input only, and say what would be watched */
  dryRun: z.boolean().default(false),
});
export type HealthWatchInput = z.output<typeof HealthWatchInput>;
