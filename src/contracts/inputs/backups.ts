import { z } from 'zod';
import { Name } from '../names';
import { Moment, Path } from './common';

export const BackupsInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  /** of the cluster file's backups; default: all */
  source: Name.optional(),
  /** a moment: which backups would bring it back */
  at: Moment.optional(),
  /** look only, and tell nobody */
  dryRun: z.boolean().default(false),
});
export type BackupsInput = z.output<typeof BackupsInput>;
