import { createHmac } from 'node:crypto';
import type { Announcement, Audience, Language } from '../../../contracts/notifications';
import type { Request } from '../http';
import type { Message } from '../message';

/**
 * The signature of Standard Webhooks (https://www.standardwebhooks.com): over id, time and body, so that none of them
 * can be changed, and an old message cannot be sent again as a new one.
 *
 * @param secret any text, or `whsec_` and base64 as that standard has it
 * @param seconds since 1970
 */
export function webhookSignature(secret: string, id: string, seconds: number, body: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** @param at milliseconds */
export function webhookRequest(
  url: string,
  body: string,
  id: string,
  secret: string | undefined,
  at: number,
): Request {
  const seconds = Math.floor(at / 1_000);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    ...(secret !== undefined && { 'webhook-signature': webhookSignature(secret, id, seconds, body) }),
  };
  return { method: 'POST', url, headers, body };
}

/** What machines get, by webhook and in files. */
export function recordOf(
  announcement: Announcement,
  { title, text }: Message,
  { audience, language }: { audience: Audience; language: Language },
): string {
  return JSON.stringify({ ...announcement, audience, language, title, text });
}
