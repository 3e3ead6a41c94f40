/** How a service is closed for maintenance: what a cluster file says of it, and what is planned. */
import { z } from 'zod';
import { Language, Reference } from './notifications';

/** IPv4 or IPv6, alone or with the length of its network. */
export const AddressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'an IP address or a network such as 10.0.0.0/8',
});

/** Who gets through while a service is closed. */
export const AllowList = z.strictObject({
  addresses: z
    .array(AddressRange)
    .max(200)
    .default([])
    .describe('Addresses and networks from which everybody gets through.'),
  passes: z
    .array(Reference)
    .max(20)
    .default([])
    .describe('Where the worker finds secrets; who shows one in the header or the cookie gets through.'),
});
export type AllowList = z.output<typeof AllowList>;

/** A zone that this machine's tables know. */
export const TimeZone = z
  .string()
  .max(64)
  .refine((zone) => {
    try {
      return !!new Intl.DateTimeFormat('en', { timeZone: zone });
    } catch {
      return false;
    }
  }, 'a time zone such as Asia/Shanghai');

/** What people read must be one line of visible characters. */
export const PlainLine = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'one line of visible characters');

const Languages = z
  .array(Language)
  .min(1)
  .refine((list) => new Set(list).size === list.length, 'each language once');

export const MaintenanceSettings = z
  .strictObject({
    contact: PlainLine(200).optional().describe('Whom people may ask; stands on the page.'),
    timeZone: TimeZone.default('UTC').describe('Of the times on the page.'),
    languages: Languages.default(['en', 'zh']).describe('Of the page, in this order.'),
    template: z
      .string()
      .regex(/^[^-\p{Cc}][^\p{Cc}]{0,999}$/u, 'a path; relative ones begin where this file lies')
      .optional()
      .describe('A Liquid template for a page of your own.'),
    header: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name such as X-Maintenance-Pass')
      .default('X-Maintenance-Pass')
      .describe('The request header in which a pass is shown.'),
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a cookie name such as maintenance-pass')
      .default('maintenance-pass')
      .describe('The cookie in which a pass is shown.'),
    allow: AllowList.prefault({}).describe('Who gets through at every maintenance.'),
  })
  .describe('What maintenance pages have in common.');
export type MaintenanceSettings = z.output<typeof MaintenanceSettings>;

/** How requests show a pass. */
export type PassNames = Pick<MaintenanceSettings, 'header' | 'cookie'>;

/** Where a balancer takes requests to a service: the page is proven by a request to there. */
export const Entry = z
  .strictObject({
    address: z
      .string()
      .regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]{0,252}$/, 'a host name or an IP address without a port')
      .default('127.0.0.1')
      .describe('As the host of the balancer sees it.'),
    port: z.number().int().min(1).max(65_535),
    tls: z.boolean().default(false),
    hostName: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, 'a name such as www.example.org')
      .optional()
      .describe('For `Host` and TLS, where the balancer chooses by it.'),
    path: z
      .string()
      .regex(/^\/[\w\-./~%?&=]*$/, 'a path such as /')
      .default('/'),
  })
  .describe('Where the balancer takes requests to it; a maintenance page is proven by a request to there.');
export type Entry = z.output<typeof Entry>;

/** A place where requests to a service are answered with the page. */
export interface PlannedDoor {
  balancer: string;
  /** that the balancer runs on */
  host: string;
  backend: string;
  entry: Entry;
  /** what a person types as root on that host to open it */
  byHand: string;
}

/** A service that is to be closed. */
export interface PlannedClosure {
  name: string;
  doors: PlannedDoor[];
  /** absolute path on each host; null: the application needs no sign */
  flagFile: string | null;
  /** hosts that get the flag file */
  hosts: string[];
}

/** What the page says, and who gets through; secrets are named by reference. */
export interface PlannedPage {
  content: string;
  contact: string;
  languages: Language[];
  timeZone: string;
  /** SHA-256 of the template's text; null: the built-in one */
  template: string | null;
  allow: AllowList;
}

/** ISO times. */
export interface MaintenanceTimes {
  from: string;
  to: string;
}
