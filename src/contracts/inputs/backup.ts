import { z } from 'zod';
import { BACKUP_KINDS } from '../backups';
import { Name } from '../names';
import { notify, Path } from './common';

export const BackupInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  /** of the cluster file's backups */
  source: Name,
  /** beyond `full` only of a database: what changed since the newest one, or since the newest full one; of a dump by its binary logs */
  kind: z.enum(BACKUP_KINDS).default('full'),
  /** how often one that fails is tried, each time after a pause that doubles */
  attempts: z.number().int().min(1).max(10).default(2),
  pauseSeconds: z.number().int().min(1).max(3_600).default(60),
  note: z.string().max(2_000).optional(),
  /** look only, and say what would be backed up */
  dryRun: z.boolean().default(false),
  notify,
});
export type BackupInput = z.output<typeof BackupInput>;
