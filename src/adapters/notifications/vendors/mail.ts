import { createHash } from 'node:crypto';
import type { Mail } from '../../../contracts/notifications';
import type { Message } from '../message';
import { Refused, tidy } from '../trouble';

export interface MailAccess {
  password: string | undefined;
  /** PEM */
  ca: string | undefined;
}

/** Milliseconds for each part of the conversation; the whole of it is bounded by the caller. */
const PART = 8_000;
/** What SMTP calls permanent: a wrong login, an address that does not exist. */
const PERMANENT = 500;

export async function sendMail(
  channel: Mail,
  message: Message,
  { password, ca }: MailAccess,
  signal: AbortSignal,
): Promise<string> {
  const { host, port, tls, user, from, to } = channel;
  // 12 MiB that most workers never need
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
    ...(ca !== undefined && { tls: { ca } }),
    connectionTimeout: PART,
    greetingTimeout: PART,
    socketTimeout: PART,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const end = () => transport.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const { rejected, response } = await transport.sendMail({
      from,
      to,
      subject: message.title,
      text: message.text,
      messageId: messageId(message.id),
      // nobody's absence is to be told to us
      headers: { 'X-Pawl-Message-ID': message.id, 'Auto-Submitted': 'auto-generated' },
    });
    // the others have it: sending it again would give it to them twice
    if (rejected.length)
      throw new Refused(`not taken for ${rejected.length} of ${to.length} addresses`, false);
    return tidy(response);
  } catch (error) {
    throw error instanceof Refused ? error : refusalOf(error as Error & { responseCode?: number });
  } finally {
    signal.removeEventListener('abort', end);
    transport.close();
  }
}

/** The same for each attempt: mail programs show a mail of which they have the id once. */
export const messageId = (id: string) =>
  `<${createHash('sha256').update(id).digest('hex').slice(0, 40)}@pawl.invalid>`;

function refusalOf(error: Error & { responseCode?: number }): Refused {
  const { message, responseCode = 0 } = error;
  return new Refused(message, responseCode < PERMANENT);
}
