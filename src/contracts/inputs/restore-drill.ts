import { z } from 'zod';
import { Name } from '../names';
import { notify, Path } from './common';

export const RestoreDrillInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  /** of the cluster file's backups */
  source: Name,
  /** of the source; default: the one whose last proof is the oldest */
  host: Name.optional(),
  /** its newest backup, one that is kept by chance, or the one of this id */
  pick: z
    .union([z.enum(['newest', 'random']), z.strictObject({ id: z.string().min(1).max(300) })], {
      error: '"newest", "random" or {"id": …}',
    })
    .default('newest'),
  note: z.string().max(2_000).optional(),
  /** look only, and say what would be restored */
  dryRun: z.boolean().default(false),
  notify,
});
export type RestoreDrillInput = z.output<typeof RestoreDrillInput>;
