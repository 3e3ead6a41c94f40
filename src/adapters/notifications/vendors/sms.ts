/** An SMS gateway of whatever kind: one request for each number. */
import type { Sms } from '../../../contracts/notifications';
import { exchange, type Request } from '../http';
import { render, type Message } from '../message';
import { Refused, tidy, troubleOf } from '../trouble';

/** What is read of the worker's secrets before. */
export interface SmsAccess {
  url: string;
  headers: Record<string, string>;
}

/** Numbers are tried side by side, and each that fails is named. */
export async function sendSms(
  channel: Sms,
  message: Message,
  access: SmsAccess,
  signal: AbortSignal,
): Promise<string> {
  const { phones } = channel;
  const failures = await Promise.all(
    phones.map(async (phone) => {
      try {
        await sendOne(channel, smsRequest(channel, message, access, phone), signal);
        return [];
      } catch (error) {
        return [{ phone, ...troubleOf(error) }];
      }
    }),
  );
  const failed = failures.flat();
  const [first] = failed;
  if (!first) return `taken for ${phones.length} numbers`;
  const who = `${failed.length} of ${phones.length} numbers, the first …${first.phone.slice(-4)}`;
  // those that have it would get it again
  const again = failed.length === phones.length && failed.every((one) => one.again);
  throw new Refused(`${first.why} (${who})`, again);
}

async function sendOne({ success }: Sms, request: Request, signal: AbortSignal): Promise<void> {
  const { body } = await exchange(request, signal);
  if (success !== undefined && !body.includes(success))
    throw new Refused(`it answers ${tidy(body)}, without ${tidy(success)}`, false);
}

function smsRequest(
  { method, contentType, body }: Sms,
  message: Message,
  access: SmsAccess,
  phone: string,
): Request {
  const { id, title, text } = message;
  const filled = render(body, { phone, id: `${id}/${phone.slice(-4)}`, title, text }, 'of the SMS body');
  const headers = { 'x-message-id': id, ...access.headers };
  if (method !== 'GET')
    return { method, url: access.url, headers: { 'content-type': contentType, ...headers }, body: filled };
  const joint = access.url.includes('?') ? '&' : '?';
  return { method, url: `${access.url}${joint}${filled.trim()}`, headers, body: '' };
}
