import { z } from 'zod';
import { Name } from '../names';
import { AllowList, PlainLine } from '../maintenance';
import { Language } from '../notifications';
import { ChangeRecord, Revision } from '../config-set';
import { Amount, by, Command, Path, reason, Seconds, Sha256, target, Version, WEEK } from './common';
import { Batch, rollout } from './rollout';

/** A file beside the worker (relative to its working folder), or a URL that the cluster file allows. */
export const Artifact = z.union(
  [
    z.strictObject({ file: Path, sha256: Sha256.optional() }),
    z.strictObject({
      url: z
        .string()
        .regex(/^https?:\/\/[\x21-\x7e]+$/, 'a URL that begins with http:// or https://')
        .max(2_000),
      sha256: Sha256,
    }),
  ],
  { error: 'either {"file": …, "sha256"?: …} or {"url": …, "sha256": …}' },
);
export type Artifact = z.output<typeof Artifact>;

/** Configuration that comes with a version, switched in the same step. */
const WithConfig = z.strictObject({
  /** a release of the config centre, or a branch or a commit with a record of its own */
  revision: Revision,
  record: ChangeRecord.optional(),
  /** who wants it, where rights name requesters; a word, not a proof */
  by: by.optional(),
});

/** A step that is done once for the whole change, on one host: a migration, say. */
export const RunOnce = z.strictObject({
  /** what messages and reports call it; no host may have the same name */
  name: Name,
  /** `before` the first host leaves the rotation, `beforeSwitch` of blue/green, or `after` the last watch is over */
  when: z.enum(['before', 'beforeSwitch', 'after']),
  command: Command,
  timeoutSeconds: z.number().int().min(1).max(86_400).default(600),
  /** default: the first host of the change */
  host: Name.optional(),
  /** takes it back; without one the step is the point of no return: behind it a failure freezes */
  undo: Command.optional(),
  /** what a reboot or a kill in the middle means: most commands cannot tell how far they came */
  ifCut: z.enum(['fail', 'runAgain']).default('fail'),
});
export type RunOnce = z.output<typeof RunOnce>;

/** Done on every host while all of them serve, before anything is touched. */
export const Prepare = z.strictObject({
  name: Name,
  command: Command,
  timeoutSeconds: z.number().int().min(1).max(86_400).default(600),
});
export type Prepare = z.output<typeof Prepare>;

/** A backup that must be there before anything is touched, of each host of its source. */
export const FreshBackup = z.strictObject({
  /** of the cluster file's backups */
  source: Name,
  /** an older one does not count */
  maxAgeMinutes: z.number().int().min(1).max(525_600).default(60),
  /** one is taken where there is none; false: the change is refused then */
  take: z.boolean().default(true),
});
export type FreshBackup = z.output<typeof FreshBackup>;

/** What people read while a change has closed a service, and for how long that may take. */
export const Closing = z.strictObject({
  minutes: z.number().int().min(1).max(1_440),
  content: PlainLine(500),
  contact: PlainLine(200).optional(),
  languages: z.array(Language).min(1).max(2).optional(),
  allow: AllowList.prefault({}),
});

/** What blue/green needs to know of its two sets. */
export const BlueGreen = z.strictObject({
  /** for so long after the watch the old set is kept running, and one message switches back */
  warmSeconds: Seconds(WEEK).default(600),
  /** weights of the idle set at each balancer, in percent of those that serve there */
  minIdlePercent: z.number().int().min(1).max(100).default(100),
  /** the service of the old set is stopped when it is kept warm no longer */
  stopOld: z.boolean().default(false),
});
export type BlueGreen = z.output<typeof BlueGreen>;

export const RollingUpgradeInput = z.strictObject({
  ...target,
  version: Version,
  artifact: Artifact,
  /** files of the service's config centre; default: they stay as they are */
  config: WithConfig.optional(),
  /** which batches there are where none are given */
  strategy: z.enum(['rolling', 'canary', 'gray', 'blueGreen', 'parallel']).default('rolling'),
  /** of the strategy `blueGreen` */
  blueGreen: BlueGreen.optional(),
  /** Debian packages only: the package to go back to, where the host keeps none */
  previousArtifact: Artifact.optional(),
  /** cumulative targets: how many hosts carry the change when the batch is over */
  batches: z.array(Batch).min(1).max(100).optional(),
  /** test users, as the cluster file says how they are known, get the new version as soon as one host has it */
  testers: z.boolean().default(false),
  /** cap on the hosts out of rotation at any moment; default: 1, and all of them where the strategy is `parallel` */
  maxUnavailable: Amount.optional(),
  /** who agrees that nobody serves meanwhile, and why: for a change that takes all hosts out without a maintenance */
  consent: reason.optional(),
  /** the service is closed with a page while its hosts change */
  maintenance: Closing.optional(),
  approvals: z
    .array(z.enum(['before', 'afterFirstBatch', 'beforeSwitch']))
    .max(2)
    .default([]),
  /** backups that must be there, and be young enough, before anything is touched */
  backups: z
    .array(FreshBackup)
    .max(20)
    .refine((all) => new Set(all.map(({ source }) => source)).size === all.length, 'each source once')
    .default([]),
  /** commands on every host before anything is touched, each once; one that fails ends the change */
  prepare: z
    .array(Prepare)
    .max(20)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'each name once')
    .default([]),
  /** steps that are done once for the whole change */
  runOnce: z.array(RunOnce).max(20).default([]),
  ...rollout,
});
export type RollingUpgradeInput = z.output<typeof RollingUpgradeInput>;
