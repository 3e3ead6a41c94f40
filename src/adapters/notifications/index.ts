/** The channels of a cluster file: an event becomes a message, and goes out. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cluster } from '../../contracts/cluster';
import type { Announcement, Channel } from '../../contracts/notifications';
import type { Notifier } from '../../contracts/world';
import { shortenText } from '../../domain/shorten-text';
import { hideSecret, secretIn } from '../secrets';
import { exchange } from './http';
import { messageOf, type Message } from './message';
import { Refused, tidy, troubleOf } from './trouble';
import { CHATS } from './vendors/chats';
import { appendRecord } from './vendors/file';
import { sendMail } from './vendors/mail';
import { sendSms } from './vendors/sms';
import { recordOf, webhookRequest } from './vendors/webhook';
import { unlessAborted } from '../abort';
import { within } from '../deadline';

/** Milliseconds for one message at one channel. */
const LIMIT = 10_000;

/** @param folder of the cluster file; paths in it begin there */
export function openNotifier({ notifications }: Cluster, folder: string, limit = LIMIT): Notifier {
  const channels = notifications?.channels ?? {};
  const templates = notifications?.templates;
  const own = templates === undefined ? undefined : resolve(folder, templates);
  return {
    async send(name, announcement, signal) {
      const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
      try {
        if (!channel) throw new Refused('the cluster file names it no more', false);
        const message = await messageOf(announcement, channel, own);
        return {
          says: await bounded(limit, signal, (end) => deliver(channel, message, announcement, folder, end)),
        };
      } catch (error) {
        return { says: '', trouble: troubleOf(error) };
      }
    },
  };
}

/** Ends in time, whether what it waits for can be stopped or not: a file system may hang for ever. */
function bounded<T>(limit: number, signal: AbortSignal, work: (end: AbortSignal) => Promise<T>): Promise<T> {
  return within(limit, signal, (deadline) =>
    unlessAborted(work(deadline.signal), deadline.signal).catch((error: unknown) => {
      if (!deadline.signal.aborted) throw error;
      throw new Refused(deadline.passed ? `no answer in ${deadline.seconds} s` : 'it was cut off', true);
    }),
  );
}

/** @returns what the channel answered, in words */
async function deliver(
  channel: Channel,
  message: Message,
  announcement: Announcement,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const secret = (reference: string) => secretIn(reference, folder);
  const { kind } = channel;
  switch (kind) {
    case 'mail': {
      const { ca, password } = channel;
      const access = {
        password: password === undefined ? undefined : passwordIn(secret(password), channel.user),
        ca: ca === undefined ? undefined : await readFile(resolve(folder, ca), 'utf8'),
      };
      return sendMail(channel, message, access, signal);
    }
    case 'webhook': {
      const key = channel.secret === undefined ? undefined : secret(channel.secret);
      const body = recordOf(announcement, message, channel);
      const request = webhookRequest(urlIn(channel.url, folder), body, message.id, key, Date.now());
      return `it answers ${(await exchange(request, signal)).status}`;
    }
    case 'sms': {
      const text = shortenText(message.text, { most: channel.longest, of: 'characters' }, channel.language);
      const headers = Object.entries(channel.headers).map(([name, reference]) => [name, secret(reference)]);
      const access = {
        url: urlIn(channel.url, folder),
        headers: Object.fromEntries(headers) as Record<string, string>,
      };
      return sendSms(channel, { ...message, text }, access, signal);
    }
    case 'file': {
      const record = recordOf(announcement, message, channel);
      return appendRecord(resolve(folder, channel.folder), record, message.id);
    }
    default: {
      const chat = CHATS[kind];
      const whole = `${message.title}\n${message.text}`;
      const key = 'secret' in channel && channel.secret !== undefined ? secret(channel.secret) : undefined;
      const text = shortenText(whole, chat.longest, channel.language);
      const answer = await exchange(chat.request(urlIn(channel.url, folder), text, key, Date.now()), signal);
      chat.check(answer);
      return tidy(answer.body);
    }
  }
}

/** What lets somebody in is in its path or in its query: a server that repeats only that part tells it, too. */
function urlIn(url: string, folder: string): string {
  if (/^https?:/.test(url)) return url;
  const secret = secretIn(url, folder);
  if (URL.canParse(secret)) {
    const { pathname, searchParams } = new URL(secret);
    for (const part of [...pathname.split('/'), ...searchParams.values()])
      if (part.length >= 16) hideSecret(part);
  }
  return secret;
}

/** As SMTP sends it, it is a secret as well. */
function passwordIn(password: string, user = ''): string {
  for (const text of [password, `\0${user}\0${password}`]) hideSecret(Buffer.from(text).toString('base64'));
  return password;
}
