import { z } from 'zod';
import { Name } from '../names';
import { Path } from './common';

/** Brings the newest releases of a config centre to hosts, where the cluster file allows it. */
export const ConfigSyncInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  /** default: all that the cluster file allows (`config.sync`) */
  services: z.array(Name).min(1).max(1_000).optional(),
  /** only says what would be started */
  dryRun: z.boolean().default(false),
});
export type ConfigSyncInput = z.output<typeof ConfigSyncInput>;
