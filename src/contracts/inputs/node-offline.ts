import { z } from 'zod';
import { Name } from '../names';
import { Amount, by, Drain, hostChange, reason, target } from './common';

export const NodeOfflineInput = z.strictObject({
  ...target,
  /** these hosts, in this order */
  hosts: z.array(Name).min(1).max(1_000),
  reason,
  by,
  /** cap on the hosts of the service that are out when the change is over, others that are out already among them */
  maxUnavailable: Amount.default(1),
  drain: Drain.prefault({}),
  ...hostChange,
});
export type NodeOfflineInput = z.output<typeof NodeOfflineInput>;
