/** What the config centre says of one service: `<service>/config.yaml` and the values beside it. */
import { z } from 'zod';
import { AbsolutePath, Name } from './names';

const Account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'an account name');
const Unit = z
  .string()
  .regex(/^[A-Za-z0-9:_.@-]{1,200}\.(service|socket|timer)$/, 'a unit name such as nginx.service');
const Command = z
  .array(z.string().min(1).max(1_000))
  .min(1)
  .max(50)
  .describe('A program and its arguments, run as root on the host. No shell.');

/** Programs that know whether a file is right; each sees all files of the set as if they were in place. */
export const CHECKS = ['nginx', 'haproxy', 'yaml', 'json', 'sshd', 'systemd', 'mariadb'] as const;

export const ConfigTarget = z.strictObject({
  path: AbsolutePath.describe('Where the file lies on the host.'),
  source: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'a path below files/')
    .refine((path) => !path.split('/').some((part) => /^\.+$/.test(part)), 'no "." or ".." in a path')
    .describe(
      'Where it comes from, below `files/`: a Liquid template if its name ends in `.liquid`, else the file as it is.',
    ),
  owner: Account.default('root'),
  group: Account.default('root'),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'four octal digits in quotes such as "0644"; no set-uid, set-gid or sticky bit')
    .default('0644'),
  sensitive: z
    .boolean()
    .default(false)
    .describe('Its content is never shown; a diff says only that it changes.'),
  check: z
    .union(
      [z.enum(CHECKS), z.strictObject({ command: Command })],
      `one of ${CHECKS.join(', ')}, or {command: [PROGRAM, …]}`,
    )
    .optional()
    .describe('How its syntax is checked on the host, before anything is touched.'),
  after: z
    .union(
      [
        z.literal('nothing'),
        z.strictObject({ reload: Unit }),
        z.strictObject({ restart: Unit }),
        z.strictObject({ run: Command }),
      ],
      'needed: nothing, {reload: UNIT}, {restart: UNIT} or {run: [PROGRAM, …]}',
    )
    .describe('What makes the host use the file. `nothing`: it is read each time anyway.'),
  inPlace: z
    .boolean()
    .optional()
    .describe(
      'Whether the host serves on while this file is switched. Default: yes with `nothing` and `reload`, no with `restart` and `run`. A restart of the service’s own unit is never done in rotation.',
    ),
  served: z
    .union(
      [
        z.strictObject({
          port: z.number().int().min(1).max(65_535),
          path: z.string().regex(/^\/[\w\-./~%?&=]*$/, 'a path such as /version'),
          contains: z.string().min(1).max(500),
        }),
        z.strictObject({ command: Command, contains: z.string().min(1).max(500).optional() }),
      ],
      '{port, path, contains} or {command: [PROGRAM, …], contains}',
    )
    .optional()
    .describe(
      'The proof that it is used: an answer on the host, or a command. `contains` is a Liquid template, too.',
    ),
});
export type ConfigTarget = z.output<typeof ConfigTarget>;

export const ConfigSet = z.strictObject({
  role: Name.optional().describe(
    'The hosts that have the files; default: those of the service of this name.',
  ),
  targets: z.array(ConfigTarget).min(1).max(2_000),
});
export type ConfigSet = z.output<typeof ConfigSet>;

/** A secret in a values file: `{secret: env:NAME}`. */
export const SecretReference = z.strictObject({
  secret: z
    .string()
    .regex(
      /^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s]+|credential:[^\s/]+)$/,
      'env:NAME, file:PATH or credential:NAME',
    ),
});
export type SecretReference = z.output<typeof SecretReference>;

type Value = string | number | boolean | null | Value[] | { [name: string]: Value };
/** Of a values file: anything, by names that templates can say. */
export const ConfigValues = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and underscore, as templates name it'),
  z.json(),
);
export type ConfigValues = Record<string, Value>;

/** How people name what shall be on hosts. */
export const Revision = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'a tag, a branch or a commit');

/** Why a revision is there; people fill in all of it. */
export const ChangeRecord = z.strictObject({
  what: z.string().min(1).max(2_000),
  why: z.string().min(1).max(2_000),
  impact: z.string().min(1).max(2_000),
  rollback: z.string().min(1).max(2_000),
});
export type ChangeRecord = z.output<typeof ChangeRecord>;
