import { z } from 'zod';
import { Seconds, WEEK } from './common';

/** A host's weight, and how long it is judged at it. */
export const RampStep = z.strictObject({
  /** of the host's full weight; at 0 balancers check it and send nothing */
  percent: z.number().int().min(0).max(100),
  seconds: Seconds(WEEK),
});
export type RampStep = z.output<typeof RampStep>;

/** From nothing to the full weight. */
export const Ramp = z
  .array(RampStep)
  .min(1)
  .max(20)
  .default([
    { percent: 0, seconds: 300 },
    { percent: 10, seconds: 300 },
    { percent: 50, seconds: 300 },
    { percent: 100, seconds: 300 },
  ]);

/** A host is worse than its peers at a step: one step back, once, or out of rotation at once. */
export const OnWorse = z.enum(['stepBack', 'out']).default('stepBack');
export type OnWorse = z.output<typeof OnWorse>;
