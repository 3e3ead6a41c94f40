/** What the inputs of all changes are made of. */
import { z } from 'zod';
import { Name } from '../names';

export const Seconds = (max: number) => z.number().int().min(0).max(max);
export const WEEK = 7 * 86_400;

/** ASCII only, so no look-alikes, and nothing a shell, a path or an option parser could take for its own. */
export const Version = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9.+~:_-]{0,63}$/,
    'letters, digits and . + ~ : _ -, at most 64, beginning with a letter or digit',
  )
  .refine((version) => !version.includes('..'), 'no ".." in a version');

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits');

/** Paths are shown in messages, so nothing invisible may be in them. */
export const Path = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,1000}$/u, 'a path, at most 1,000 characters, none of them invisible');

/** `2026-12-01T22:00:00Z`; which zone it is in nobody has to guess. */
export const Moment = z.iso.datetime({
  offset: true,
  error: 'a time with its zone such as 2026-12-01T22:00:00Z',
});

/** A share of the hosts, `"1%"` to `"100%"`. */
const Percent = z.string().regex(/^([1-9]|[1-9][0-9]|100)%$/, 'a whole percentage from "1%" to "100%"');
const Hosts = z.number().int().min(1).max(10_000);
export const Amount = z.union([Hosts, Percent], {
  error: 'a number of hosts such as 1, or a percentage such as "30%"',
});
export type Amount = z.output<typeof Amount>;

/** Program and arguments, run on a host without a shell; exit code 0 is success. */
export const Command = z.array(z.string().min(1).max(1_000)).min(1).max(50);

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
    z.strictObject({
      name: Name,
      /** what the service depends on takes connections from this host */
      tcp: z.strictObject({
        host: z
          .string()
          .max(253)
          .regex(/^[A-Za-z0-9:][A-Za-z0-9:.-]*$/, 'a host name or an address without a port'),
        port: z.number().int().min(1).max(65_535),
      }),
      timeoutSeconds: z.number().int().min(1).max(60).default(5),
    }),
  ],
  {
    error:
      'one of {"name": …, "http": {"path": …}}, {"name": …, "command": […]} and {"name": …, "tcp": {"host": …, "port": …}}',
  },
);
export type Check = z.output<typeof Check>;

export const Drain = z.strictObject({
  deadlineSeconds: Seconds(86_400).default(300),
  /** sessions are left at the deadline: cut them, wait for a person, or put the host back and fail */
  onDeadline: z.enum(['force', 'wait', 'putBack']).default('putBack'),
});
export type Drain = z.output<typeof Drain>;

/** hosts that may fail, and are put back, before the change itself counts as failed; a percentage rounds down */
export const failureBudget = z
  .union([z.literal(0), Amount], { error: 'a number of hosts from 0, or a percentage such as "10%"' })
  .default(0);

/** What is worked on. */
export const target = {
  /** path of the cluster file, as the worker sees it */
  cluster: Path,
  service: Name,
};

/** One line that people and files can hold. */
const Line = (max: number) =>
  z
    .string()
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'one line of text, nothing invisible in it')
    .max(max);

/** Why a host is out of service: it is kept as long as that, and shown. */
export const reason = Line(500);
/** Who wants it so. */
export const by = Line(200);

/** How long a change waits for others. */
export const patience = {
  /** how long the change waits for a person before it counts as failed */
  personDeadlineHours: z.number().min(0.01).max(720).default(72),
  /** how long a host may be unreachable before a person is asked */
  unreachableSeconds: z.number().int().min(5).max(86_400).default(120),
};

/** No step of any host has ended for so long: the change counts as failed. Stands still while people are waited for. */
export const progressDeadlineSeconds = z.number().int().min(60).max(WEEK).optional();

/** What a change is for, and whether it is only planned, or bound to a plan. */
export const planning = {
  note: z.string().max(2_000).optional(),
  /** plan only */
  dryRun: z.boolean().default(false),
  /** only this plan is run: when the world makes it another one, the change ends before any effect */
  planHash: Sha256.optional(),
  /** the intent that planHash stands for, so that a refusal can say what is different */
  planned: z.record(z.string(), z.unknown()).optional(),
};

/** false: nobody is told; for a run that another one has started, which tells people itself */
export const notify = z.boolean().default(true);

/** What the inputs of changes that move hosts in and out have in common, beside hosts and what becomes of them. */
export const hostChange = {
  /** `before`: wait for a yes before anything is touched */
  approvals: z
    .array(z.enum(['before']))
    .max(1)
    .default([]),
  /** take back what was done, leave everything as it stands, or ask a person (retry, skip, abort) */
  onFailure: z.enum(['undo', 'freeze', 'ask']).default('undo'),
  progressDeadlineSeconds,
  notify,
  ...patience,
  ...planning,
};
export type HostChange = z.output<z.ZodObject<typeof hostChange>>;

/** The fields that every input has. */
export type CommonInput = z.output<z.ZodObject<typeof target & typeof patience & typeof planning>>;
