/** Who is told what, and how: the `notifications` of a cluster file. */
import { z } from 'zod';

/** What people can be told of. */
export const EVENT_KINDS = [
  'began',
  'waitsForPerson',
  'progress',
  'hostFailed',
  'undone',
  'ended',
  'maintenanceAnnounced',
  'maintenanceStarted',
  'maintenanceExtended',
  'maintenanceEnded',
  'maintenanceCancelled',
  'alert',
  'allClear',
  'drift',
  'backupTrouble',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

const MAINTENANCE = [
  'maintenanceAnnounced',
  'maintenanceStarted',
  'maintenanceExtended',
  'maintenanceEnded',
  'maintenanceCancelled',
] as const;

/** Users are told what they notice, management what becomes of it, the team everything. */
export const USUAL_EVENTS: Record<Audience, readonly EventKind[]> = {
  team: EVENT_KINDS,
  users: [...MAINTENANCE, 'alert', 'allClear'],
  management: ['began', 'undone', 'ended', ...MAINTENANCE, 'alert', 'allClear'],
};

const ChannelName = z
  .string()
  .regex(
    /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/,
    'letters, digits, dot, dash, underscore; at most 63',
  );

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s]+|credential:[A-Za-z0-9._-]+)$/;
/** A secret is named, never shown. */
export const Reference = z.string().regex(REFERENCE, 'a reference: env:NAME, file:PATH or credential:NAME');

const HTTP_URL = /^https?:\/\/[^/@\s?#]+([/?][^\s#]*)?$/;
/** Whoever knows the address of a chat's robot may write there: it is a secret itself. */
const SecretUrl = Reference.describe('Where the worker finds the URL; whoever knows it may write there.');
const AnyUrl = z
  .string()
  .refine(
    (text) => HTTP_URL.test(text) || REFERENCE.test(text),
    'an http(s) URL without a password and a fragment, or a reference to one: env:NAME, file:PATH or credential:NAME',
  )
  .describe('The URL, or where the worker finds it.');

const Mailbox = z
  .string()
  .max(320)
  .regex(
    /^([^<>\p{C}]+<)?[^<>@\s\p{C}]+@[^<>@\s\p{C}]+>?$/u,
    'an address such as ops@example.org or Ops <ops@example.org>',
  );
const Path = z
  .string()
  .regex(/^[^-\p{Cc}][^\p{Cc}]{0,999}$/u, 'a path; relative ones begin where this file lies');
const Phone = z.string().regex(/^\+?[0-9]{5,20}$/, 'a phone number: digits, with a + before them or without');
const HeaderName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name such as X-Api-Key');

export const Audience = z.enum(['team', 'users', 'management']);
export type Audience = z.output<typeof Audience>;
export const Language = z.enum(['en', 'zh']);
export type Language = z.output<typeof Language>;

/** What all channels have in common. */
const forWhom = {
  audience: Audience.default('team').describe('For whom messages are written.'),
  language: Language.default('en'),
  events: z
    .array(z.enum(EVENT_KINDS))
    .min(1)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'each kind once')
    .optional()
    .describe('What is told; default: what this audience usually wants to know.'),
  services: z
    .array(ChannelName)
    .min(1)
    .optional()
    .describe('Only what concerns these services; default: all.'),
};

const Mail = z.strictObject({
  kind: z.literal('mail'),
  ...forWhom,
  host: z
    .string()
    .regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/, 'a host name or an IP address without a port'),
  port: z.number().int().min(1).max(65_535).default(587),
  tls: z
    .enum(['starttls', 'implicit', 'none'])
    .default('starttls')
    .describe('`starttls` is demanded, not tried; `implicit` is usual on port 465.'),
  ca: Path.optional().describe(
    'PEM of the authority that signed its certificate, where it is not a public one.',
  ),
  user: z.string().min(1).max(320).optional(),
  password: Reference.optional().describe('Where the worker finds it; never the password itself.'),
  from: Mailbox,
  to: z.array(Mailbox).min(1).max(50),
});
export type Mail = z.output<typeof Mail>;

const Webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...forWhom,
  url: AnyUrl,
  secret: Reference.optional().describe('Signs each message, as Standard Webhooks do.'),
});
export type Webhook = z.output<typeof Webhook>;

const chat = <K extends string>(kind: K) =>
  z.strictObject({ kind: z.literal(kind), ...forWhom, url: SecretUrl });
const signedChat = <K extends string>(kind: K) =>
  z.strictObject({
    kind: z.literal(kind),
    ...forWhom,
    url: SecretUrl,
    secret: Reference.optional().describe('Of the robot, where it demands signatures.'),
  });

const Sms = z.strictObject({
  kind: z.literal('sms'),
  ...forWhom,
  url: AnyUrl,
  method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
  headers: z
    .record(HeaderName, Reference)
    .default({})
    .describe('Header name to where the worker finds its value.'),
  contentType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/, 'a media type such as application/json')
    .default('application/json'),
  body: z
    .string()
    .min(1)
    .max(10_000)
    .describe('A Liquid template with `phone`, `text`, `title` and `id`; of a GET it is the query.'),
  phones: z.array(Phone).min(1).max(100),
  longest: z.number().int().min(30).max(2_000).default(300).describe('Characters of one message.'),
  success: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'What the answer holds when the message was taken; default: any answer with status 2xx will do.',
    ),
});
export type Sms = z.output<typeof Sms>;

const InFile = z.strictObject({
  kind: z.literal('file'),
  ...forWhom,
  folder: Path.describe('Where `notifications.jsonl` grows, on the worker.'),
});
export type InFile = z.output<typeof InFile>;

export const Channel = z.discriminatedUnion('kind', [
  Mail,
  Webhook,
  chat('slack'),
  signedChat('dingtalk'),
  signedChat('feishu'),
  chat('wecom'),
  Sms,
  InFile,
]);
export type Channel = z.output<typeof Channel>;

export const Notifications = z
  .strictObject({
    progressSeconds: z
      .number()
      .int()
      .min(0)
      .max(86_400)
      .default(60)
      .describe('Between two messages on progress; of those in between only the newest is told.'),
    templates: Path.optional().describe(
      'A folder with templates of your own: `<event>.<audience>.<language>.liquid`, the first line is the title.',
    ),
    channels: z
      .record(ChannelName, Channel)
      .refine((channels) => Object.keys(channels).length > 0, 'at least one channel')
      .meta({ minProperties: 1 }),
  })
  .describe('Who is told what.');
export type Notifications = z.output<typeof Notifications>;

/** Whom a change tells: it stands in its plan. */
export interface PlannedNotifications {
  progressSeconds: number;
  /** channel → what it wants to know */
  channels: Record<string, EventKind[]>;
}

/** What each kind of event says beside what all of them do. Every name is there, so templates may be strict. */
export interface FactsOf {
  began: { hosts: number; batches: number };
  waitsForPerson: { what: string; until: string; then: string; command: string };
  progress: { done: number; hosts: number; batch: number; batches: number; percent: number };
  hostFailed: { host: string; why: string };
  undone: { complete: boolean; why: string };
  ended: { end: string; well: boolean; summary: string; minutes: number; leftToDo: string[] };
  maintenanceAnnounced: Maintenance;
  maintenanceStarted: Maintenance;
  maintenanceExtended: Maintenance;
  maintenanceEnded: Maintenance;
  maintenanceCancelled: Maintenance;
  alert: { what: string; since: string; effect: string; expected: string };
  allClear: { what: string; since: string; minutes: number };
  /** `news`: one sentence for each; `more`: how many there is no room for */
  drift: { news: string[]; more: number; hosts: number; wanted: string; correction: string };
  /** `news`: one sentence for each; `more`: how many there is no room for */
  backupTrouble: { news: string[]; more: number };
  test: { by: string };
}

interface Maintenance {
  /** ISO times */
  from: string;
  to: string;
  minutes: number;
  why: string;
  contact: string;
}

export type MessageKind = keyof FactsOf;

/** One event on its way to people: plain JSON, kept in the change's state until it is delivered. */
export type Announcement = {
  [K in MessageKind]: {
    /** the same however often it is sent: receivers tell doubles by it */
    id: string;
    kind: K;
    /** ISO time */
    at: string;
    cluster: string;
    service: string;
    version: string;
    /** id of the run */
    change: string;
    facts: FactsOf[K];
  };
}[MessageKind];

/** A channel that did not take a message. */
export interface Undelivered {
  channel: string;
  /** in words, without secrets */
  why: string;
  /** it may pass by itself */
  again: boolean;
}

export const NotifyTestInput = z.strictObject({
  /** path of the cluster file, as the worker sees it */
  cluster: z
    .string()
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,1000}$/u, 'a path, at most 1,000 characters, none of them invisible'),
  /** default: all */
  channel: ChannelName.optional(),
  /** who asks, as the message says */
  by: z.string().min(1).max(100).default('somebody'),
});

/** What each channel answered to a message that was sent on wish. */
export interface NotifyTestReport {
  /** ISO time */
  at: string;
  answers: { channel: string; kind: Channel['kind']; delivered: boolean; says: string }[];
}
