/** Of a cluster file: where configuration comes from, who may change what of it, and what is brought by itself. */
import { z } from 'zod';
import { by } from './inputs/common';
import { ConfigCanaryInput } from './inputs/config-canary';
import { LocalPath, Name } from './names';

const HOST = '(?:[A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9A-Fa-f:.]+\\])';
const USER = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const PATH = '/[^\\s?#\\\\]+';
/** What git may be asked to fetch from. A colon after a user would be a password. */
const URLS = [
  `https://${HOST}(?::\\d+)?${PATH}`,
  `ssh://(?:${USER}@)?${HOST}(?::\\d+)?${PATH}`,
  `${USER}@${HOST}:(?!-)[^\\s:?#\\\\]+`,
  `file://${PATH}`,
].map((url) => new RegExp(`^${url}$`));

/** @returns whether it is a URL, and not a folder beside the worker */
export const isUrl = (repository: string) => URLS.some((url) => url.test(repository));

function repositoryFault(repository: string): string | undefined {
  if (isUrl(repository)) return undefined;
  if (/^https?:\/\/[^/]*@|^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(repository))
    return 'no user and no password in a URL: git asks the credential helper of the worker, or its SSH agent';
  if (/::|:\/\/|^[^/]*@[^/]*:/.test(repository))
    return 'a folder, or a URL: https://HOST/PATH, ssh://HOST/PATH, USER@HOST:PATH or file:///PATH';
  const path = LocalPath.safeParse(repository);
  return path.success ? undefined : path.error.issues[0]!.message;
}

const Repository = z.string().superRefine((repository, context) => {
  const fault = repositoryFault(repository);
  if (fault !== undefined) context.addIssue(fault);
});

const Glob = z
  .string()
  .max(500)
  .regex(
    /^(\*\*|[A-Za-z0-9_.*-]+)(\/(\*\*|[A-Za-z0-9_.*-]+))*$/,
    'a path of the repository such as web/values/**: * stands for anything in a name, ** for any depth',
  )
  .refine(
    (glob) => glob.split('/').every((part) => part === '**' || !/\*\*|^\.+$/.test(part)),
    'no "." or "..", and ** only as a whole part of the path',
  );

const Signer = z.string().regex(/^[^\s",\p{C}]{1,200}$/u, 'a name of allowedSigners, or "*"');

export const Right = z
  .strictObject({
    paths: z.array(Glob).min(1).max(100).describe('Which files of the repository: web/values/**.'),
    signers: z
      .array(Signer)
      .min(1)
      .max(100)
      .optional()
      .describe('Whose signed commits may change them; "*": everybody in allowedSigners.'),
    requesters: z
      .array(by)
      .min(1)
      .max(100)
      .optional()
      .describe(
        'Who may bring changes of them that nobody signed, by the `by` of the input; "*": everybody.',
      ),
  })
  .refine(({ signers, requesters }) => signers ?? requesters, 'needs signers, requesters, or both')
  .describe('One of them is enough.');
export type Right = z.output<typeof Right>;

export const Rights = z
  .strictObject({
    rules: z
      .array(Right)
      .min(1)
      .max(200)
      .describe('For each file the last rule that fits it counts; one that none fits may be changed by all.'),
    allowedSigners: LocalPath.optional().describe(
      'SSH keys of people, in ssh-keygen’s ALLOWED SIGNERS format; not in the repository itself.',
    ),
    since: z
      .string()
      .regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'a whole commit, 40 hexadecimal digits')
      .optional()
      .describe('What was there with this commit counts as right, whoever signed it.'),
  })
  .describe('Who may change what. Absent: whoever may write to the repository and start changes.');
export type Rights = z.output<typeof Rights>;

export const SyncSettings = ConfigCanaryInput.omit({
  ...{ cluster: true, service: true, revision: true, record: true, hosts: true, by: true },
  ...{ dryRun: true, planHash: true, planned: true },
});

export const ConfigCentre = z
  .strictObject({
    repository: Repository.describe(
      'A git repository with a folder for each service that it configures: a folder, or https://, ssh://, USER@HOST:PATH, file://.',
    ),
    rights: Rights.optional(),
    correctDrift: z
      .boolean()
      .default(false)
      .describe(
        'A scheduled configDrift with `correct` may start a configCanary for hosts that drifted; one that a person starts may so anyway.',
      ),
    sync: z
      .record(Name, SyncSettings)
      .optional()
      .describe(
        'Services to which configSync brings new releases, each with fields of configCanary: web: {batches: …}.',
      ),
  })
  .describe('The config centre: where configuration files of hosts come from.');
export type ConfigCentre = z.output<typeof ConfigCentre>;
