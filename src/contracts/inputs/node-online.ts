import { z } from 'zod';
import { Name } from '../names';
import { Check, Drain, hostChange, target } from './common';
import { Gate } from './gate';
import { OnWorse, Ramp } from './ramp';

export const NodeOnlineInput = z.strictObject({
  ...target,
  /** these hosts, one after the other in this order */
  hosts: z.array(Name).min(1).max(1_000),
  ramp: Ramp,
  onWorse: OnWorse,
  /** what a host must keep to at each step at which it gets requests; its peers are measured beside it */
  gate: Gate.prefault({}),
  /** run on each host before it gets its first request */
  checks: z.array(Check).max(50).default([]),
  /** true: a host is brought in though its peers run another version */
  otherVersion: z.boolean().default(false),
  /** for a host that is taken out again */
  drain: Drain.prefault({ onDeadline: 'force' }),
  ...hostChange,
});
export type NodeOnlineInput = z.output<typeof NodeOnlineInput>;
