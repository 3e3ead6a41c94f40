import { z } from 'zod';

/** Why a host is out of service. It lies on its balancers' hosts: the host itself may be off. */
export const OutOfService = z.object({
  reason: z.string(),
  by: z.string(),
  /** ISO time */
  since: z.string(),
  /** id of the run that took it out */
  change: z.string(),
  /** by balancer: what it has when it serves */
  weights: z.record(z.string(), z.number()),
  /** it belongs to the idle set of blue/green, and is fit to serve */
  standby: z.literal(true).optional(),
});
export type OutOfService = z.output<typeof OutOfService>;
