import { z } from 'zod';
import { Name } from '../names';
import { Moment, notify, Path, patience, planning, Version } from './common';
import { Artifact } from './rolling-upgrade';

/** Restored whatever the look for damage says. */
const Restore = z
  .strictObject({
    /** of the cluster file's backups */
    source: Name,
    /** whose backup, and where to; default: all hosts of the source */
    host: Name.optional(),
    /** of the backup; default: the newest that can be restored */
    backup: z.string().min(1).max(300).optional(),
    /** … or exactly this moment where binary logs cover it, and else the newest that is not younger */
    at: Moment.optional(),
  })
  .refine(({ backup, at }) => backup === undefined || at === undefined, 'either backup or at');
export type Restore = z.output<typeof Restore>;

export const DisasterRecoveryInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  /** that are looked at, and recovered; default: all but the store of backups */
  hosts: z.array(Name).min(1).max(1_000).optional(),
  /** restored whatever the look for damage says */
  restore: z.array(Restore).max(100).default([]),
  /** of a damaged database: what its own binary logs hold since the backup is replayed, too; never beyond a backup or a moment that is asked for */
  ownLogs: z.boolean().default(true),
  /** the release that damaged hosts of a service get; default: the one that they have, or that a backup brings back */
  releases: z.record(Name, z.strictObject({ version: Version, artifact: Artifact })).default({}),
  /** when the disaster struck; what was written between a backup and then is lost. Default: the time of the look */
  since: Moment.optional(),
  /** `before`: wait for a yes before anything is touched */
  approvals: z
    .array(z.enum(['before']))
    .max(1)
    .default(['before']),
  /** of a step that fails: ask a person (retry, skip, abort), or leave everything as it stands */
  onFailure: z.enum(['ask', 'freeze']).default('ask'),
  notify,
  ...patience,
  ...planning,
});
export type DisasterRecoveryInput = z.output<typeof DisasterRecoveryInput>;
