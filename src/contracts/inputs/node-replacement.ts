import { z } from 'zod';
import { Name } from '../names';
import {
  Amount,
  by,
  Check,
  Drain,
  hostChange,
  notify,
  patience,
  planning,
  reason,
  Seconds,
  target,
} from './common';
import { Gate } from './gate';
import { OnWorse, Ramp } from './ramp';

/** A new host takes the place of an old one. */
export const PlannedReplacement = z.strictObject({
  mode: z.literal('planned'),
  ...target,
  /** leaves when the new one carries its full weight */
  old: Name,
  /** any host of the cluster file whose server the balancers have, out of rotation */
  new: Name,
  reason,
  by,
  ramp: Ramp,
  onWorse: OnWorse,
  /** what the new host must keep to at each step at which it gets requests */
  gate: Gate.prefault({}),
  /** run on the new host before it gets its first request */
  checks: z.array(Check).max(50).default([]),
  /** of the old host */
  drain: Drain.prefault({}),
  /** the new host must stay healthy so long after the old one has left */
  watchSeconds: Seconds(7 * 86_400).default(60),
  ...hostChange,
});
export type PlannedReplacement = z.output<typeof PlannedReplacement>;

/** A host that does harm goes out of rotation at once; nothing is done on the host itself, which may be dead. */
export const EmergencyReplacement = z.strictObject({
  mode: z.literal('emergency'),
  ...target,
  host: Name,
  reason,
  by,
  /** hosts of the service that must go on serving, a percentage rounds up; otherwise it is refused */
  minServing: Amount.default(1),
  ...patience,
  /** how long it waits for a person where a balancer gives no answer */
  personDeadlineHours: z.number().min(0.01).max(720).default(1),
  notify,
  ...planning,
});
export type EmergencyReplacement = z.output<typeof EmergencyReplacement>;

export const NodeReplacementInput = z.discriminatedUnion('mode', [PlannedReplacement, EmergencyReplacement]);
export type NodeReplacementInput = z.output<typeof NodeReplacementInput>;
