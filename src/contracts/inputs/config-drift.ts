import { z } from 'zod';
import { Name } from '../names';
import { notify, target } from './common';
import { Revision } from '../config-set';

export const ConfigDriftInput = z.strictObject({
  ...target,
  /** what hosts shall have; default: the newest release of the service in the config centre */
  revision: Revision.optional(),
  /** only these; default: all that have the files */
  hosts: z.array(Name).min(1).max(10_000).optional(),
  /**
   * start a configCanary for hosts that drifted. A schedule does so only where the cluster file says
   * `config: { correctDrift: true }`
   */
  correct: z.boolean().default(false),
  notify,
  note: z.string().max(2_000).optional(),
  /** look only: nobody is told, and nothing is started */
  dryRun: z.boolean().default(false),
});
export type ConfigDriftInput = z.output<typeof ConfigDriftInput>;
