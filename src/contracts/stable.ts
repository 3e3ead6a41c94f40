import { z } from 'zod';

/** A release whose change succeeded, its watch included, or that served before the first change. */
export const Stable = z.object({
  version: z.string(),
  /** label of the configuration that it proved itself with; absent: nobody knew of any */
  config: z.string().optional(),
  /** ISO time of its last proof: the newest is gone back to */
  since: z.string(),
  /** ISO time of its first one, where a service came back to it since */
  first: z.string().optional(),
  /** id of the run; null: it was there before */
  change: z.string().nullable(),
});
export type Stable = z.output<typeof Stable>;

/** A version with its configuration: what a service runs, and goes back to, as one. */
export type Release = Pick<Stable, 'version' | 'config'>;
