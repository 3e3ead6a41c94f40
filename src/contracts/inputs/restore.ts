import { z } from 'zod';
import { AbsolutePath, Name } from '../names';
import { Moment, notify, Path } from './common';

export const RestoreInput = z
  .strictObject({
    /** path of the cluster file, as the worker sees it */
    cluster: Path,
    /** of the cluster file's backups */
    source: Name,
    /** whose backup; needed where the source has several */
    host: Name.optional(),
    /** the newest that can be restored, or the one of this id */
    pick: z
      .union([z.literal('newest'), z.strictObject({ id: z.string().min(1).max(300) })], {
        error: '"newest" or {"id": …}',
      })
      .default('newest'),
    /** the one that brings this moment back, or what is nearest before it */
    at: Moment.optional(),
    /** host to which it comes back; default: its own */
    on: Name.optional(),
    /** in which it comes back, not there yet; default: /var/lib/pawl-restored/<source>-<moment> */
    folder: AbsolutePath.max(80).optional(),
    /** with set-uid files and devices, which are refused otherwise */
    asTheyAre: z.boolean().default(false),
    note: z.string().max(2_000).optional(),
    /** look only, and say what would be restored, and whether it can be */
    dryRun: z.boolean().default(false),
    notify,
  })
  .refine(({ pick, at }) => at === undefined || pick === 'newest', 'either pick.id or at');
export type RestoreInput = z.output<typeof RestoreInput>;
