import { z } from 'zod';
import { Name } from '../cluster';
import { Gate } from './gate';

/** ASCII only, so no look-alikes, and nothing a shell, a path or an option parser could take for its own. */
export const Version = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9.+~:_-]{0,63}$/,
    'letters, digits and . + ~ : _ -, at most 64, beginning with a letter or digit',
  )
  .refine((version) => !version.includes('..'), 'no ".." in a version');

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

/** Paths are shown in messages, so nothing invisible may be in them. */
const Path = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,1000}$/u, 'a path, at most 1,000 characters, none of them invisible');

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

/** A share of the hosts, `"1%"` to `"100%"`. */
const Percent = z.string().regex(/^([1-9]|[1-9][0-9]|100)%$/, 'a whole percentage from "1%" to "100%"');
const Hosts = z.number().int().min(1).max(10_000);
export const Amount = z.union([Hosts, Percent], {
  error: 'a number of hosts such as 1, or a percentage such as "30%"',
});
export type Amount = z.output<typeof Amount>;

/** Program and arguments, run on a host without a shell; exit code 0 is success. */
const Command = z.array(z.string().min(1).max(1_000)).min(1).max(50);

/** A check of the user's, run for each host before it goes back into rotation. */
export const Check = z.union(
  [
    z.strictObject({
      name: Name,
      http: z.strictObject({
        path: z.string().regex(/^\/[\w\-./~%?&=]*$/, 'a path such as /login'),
        status: z.number().int().min(100).max(599).default(200),
        /** the body must contain this */
        contains: z.string().max(1_000).optional(),
      }),
    }),
    z.strictObject({
      name: Name,
      command: Command,
      timeoutSeconds: z.number().int().min(1).max(600).default(30),
    }),
  ],
  { error: 'either {"name": …, "http": {"path": …}} or {"name": …, "command": […]}' },
);
export type Check = z.output<typeof Check>;

/** A step that is done once for the whole change, on one host: a migration, say. */
export const RunOnce = z.strictObject({
  /** what messages and reports call it; no host may have the same name */
  name: Name,
  /** `before` the first host leaves the rotation, or `after` the last watch is over */
  when: z.enum(['before', 'after']),
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

const Seconds = (max: number) => z.number().int().min(0).max(max);
const week = 7 * 86_400;

export const RollingUpgradeInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  service: Name,
  version: Version,
  artifact: Artifact,
  /** Debian packages only: the package to go back to, where the host keeps none */
  previousArtifact: Artifact.optional(),
  /** these hosts, in this order; default: all hosts of the service in the order of the cluster file */
  hosts: z.array(Name).min(1).max(10_000).optional(),
  /** cumulative targets: how many hosts carry the change when the batch is over */
  batches: z.array(Amount).min(1).max(100).default([1, '30%', '100%']),
  /** cap on the hosts out of rotation at any moment */
  maxUnavailable: Amount.default(1),
  drain: z
    .strictObject({
      deadlineSeconds: Seconds(86_400).default(300),
      /** sessions are left at the deadline: cut them, wait for a person, or put the host back and fail */
      onDeadline: z.enum(['force', 'wait', 'putBack']).default('putBack'),
    })
    .prefault({}),
  /** a host must stay healthy in rotation this long before the next one leaves */
  minHealthySeconds: Seconds(3_600).default(10),
  /** observation after each batch but the last */
  soakSeconds: Seconds(week).default(60),
  /** observation after the last batch, before the change counts as succeeded */
  watchSeconds: Seconds(week).default(60),
  /** what the changed hosts must keep to, measured during and after each soak and the watch */
  gate: Gate.prefault({}),
  checks: z.array(Check).max(50).default([]),
  approvals: z
    .array(z.enum(['before', 'afterFirstBatch']))
    .max(2)
    .default([]),
  /** put back what was touched, leave everything as it stands, or ask a person (retry, skip, abort) */
  onFailure: z.enum(['undo', 'freeze', 'ask']).default('undo'),
  /** hosts that may fail, and are put back, before the change itself counts as failed; a percentage rounds down */
  failureBudget: z
    .union([z.literal(0), Amount], { error: 'a number of hosts from 0, or a percentage such as "10%"' })
    .default(0),
  /** no step of any host has ended for so long: the change counts as failed. Stands still while people are waited for */
  progressDeadlineSeconds: z.number().int().min(60).max(week).optional(),
  /** steps that are done once for the whole change */
  runOnce: z.array(RunOnce).max(20).default([]),
  /** how long the change waits for a person before it counts as failed */
  personDeadlineHours: z.number().min(0.01).max(720).default(72),
  /** how long a host may be unreachable before a person is asked */
  unreachableSeconds: z.number().int().min(5).max(86_400).default(120),
  note: z.string().max(2_000).optional(),
  /** plan only */
  dryRun: z.boolean().default(false),
  /** only this plan is run: when the world makes it another one, the change ends before any effect */
  planHash: Sha256.optional(),
  /** the intent that planHash stands for, so that a refusal can say what is different */
  planned: z.record(z.string(), z.unknown()).optional(),
});
export type RollingUpgradeInput = z.output<typeof RollingUpgradeInput>;
