/** Chats with robots: each takes JSON at a secret URL and says in its own way whether it took it. */
import { createHmac } from 'node:crypto';
import type { Limit } from '../../../domain/shorten-text';
import type { Answer, Request } from '../http';
import { Refused, tidy } from '../trouble';

export interface Chat {
  /** of the text, title included */
  longest: Limit;
  /** @param at milliseconds */
  request(url: string, text: string, secret: string | undefined, at: number): Request;
  /** @throws Refused */
  check(answer: Answer): void;
}

const json = (url: string, body: object): Request => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
});

const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('base64');

/** Base64 of an HMAC with the secret over time and secret; the time in milliseconds. */
export const dingtalkSignature = (secret: string, at: number) => hmac(secret, `${at}\n${secret}`);

/** Base64 of an HMAC over nothing, with time and secret as its key; the time in seconds. */
export const feishuSignature = (secret: string, seconds: number) => hmac(`${seconds}\n${secret}`, '');

/** @param again codes that pass by themselves: sent too fast, its own trouble */
function codeIn(answer: Answer, names: { code: string; words: string }[], again: number[]): void {
  const said = parsed(answer.body);
  const found = names.find(({ code }) => typeof said[code] === 'number');
  if (!found) throw new Refused(`it answers with something else than its codes: ${tidy(answer.body)}`, false);
  const code = said[found.code] as number;
  if (code === 0) return;
  const words = said[found.words];
  throw new Refused(
    `it answers ${code}: ${tidy(typeof words === 'string' ? words : '')}`,
    again.includes(code),
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const ERRCODE = [{ code: 'errcode', words: 'errmsg' }];

const dingtalk: Chat = {
  // 20,000 for the whole JSON, in which a line break takes two
  longest: { most: 16_000, of: 'bytes' },
  request(url, text, secret, at) {
    const signed = new URL(url);
    if (secret !== undefined) {
      signed.searchParams.set('timestamp', String(at));
      signed.searchParams.set('sign', dingtalkSignature(secret, at));
    }
    return json(signed.href, { msgtype: 'text', text: { content: text } });
  },
  // -1: busy; 130101: more than 20 in a minute; 410100: the same for a whole company
  check: (answer) => codeIn(answer, ERRCODE, [-1, 130_101, 410_100]),
};

const feishu: Chat = {
  longest: { most: 16_000, of: 'bytes' },
  request(url, text, secret, at) {
    const seconds = Math.floor(at / 1_000);
    const signed =
      secret === undefined ? {} : { timestamp: String(seconds), sign: feishuSignature(secret, seconds) };
    // `<at …>` in a text would call everybody; what a host says must not
    const plain = text.replaceAll('<', '＜');
    return json(url, { ...signed, msg_type: 'text', content: { text: plain } });
  },
  // 9499 and 11232: too fast; robots of the first kind answer with StatusCode
  check: (answer) =>
    codeIn(
      answer,
      [
        { code: 'code', words: 'msg' },
        { code: 'StatusCode', words: 'StatusMessage' },
      ],
      [9_499, 11_232],
    ),
};

const wecom: Chat = {
  longest: { most: 2_048, of: 'bytes' },
  request: (url, text) => json(url, { msgtype: 'text', text: { content: text } }),
  // -1: busy; 45009: more than 20 in a minute
  check: (answer) => codeIn(answer, ERRCODE, [-1, 45_009]),
};

const slack: Chat = {
  longest: { most: 4_000, of: 'characters' },
  request(url, text) {
    // `<!channel>` would call everybody, and a link may say one thing and lead to another
    const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    return json(url, { text: plain, unfurl_links: false });
  },
  check({ body }) {
    if (body.trim() !== 'ok') throw new Refused(`it answers ${tidy(body)} instead of ok`, false);
  },
};

export const CHATS = { dingtalk, feishu, wecom, slack };
