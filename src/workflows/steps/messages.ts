import {
  ApplicationFailure,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import type { Message, MessageName } from '../../contracts/messages';
import { EXAMPLES, MESSAGES, messageNames } from '../../contracts/messages';
import { isUndecodable } from '../../contracts/undecodable';
import type { Verdict } from '../../domain/control';
import { mistakesOf, mistakeText } from '../../domain/mistakes';

export interface Inbox {
  judge(message: Message): Verdict;
  /** Takes a message and returns the answer; keeps those that come too early. */
  take(message: Message, viaSignal: boolean): string;
  /** A message that cannot be read is recorded, and the run lives on. */
  record(name: string, by: string, answer: string): void;
}

/**
 * Every message as an update with a validator and as a signal of the same name. The handlers never wait:
 * they write down what was said, and the run acts on it at its next boundary.
 */
export function listen(inbox: Inbox): void {
  for (const name of messageNames) {
    // the UI's dialog does not fill in the JSON, but shows this beside the name
    const description = `${MESSAGES[name].description} ${exampleOf(name)}`;
    setHandler(
      defineUpdate<string, [unknown]>(name),
      (payload) => {
        const message = parse(name, payload);
        return inbox.take(message as Message, false);
      },
      {
        description,
        validator: (payload) => {
          const message = parse(name, payload);
          if (typeof message === 'string') throw refused(message);
          const verdict = inbox.judge(message);
          if (!verdict.ok) throw refused(verdict.text);
        },
      },
    );
    setHandler(
      defineSignal<[unknown]>(name),
      (payload) => {
        const message = parse(name, payload);
        if (typeof message === 'string') inbox.record(name, 'unknown', message);
        else inbox.take(message, true);
      },
      { description },
    );
  }
  setDefaultSignalHandler((name) =>
    inbox.record(name, 'unknown', `there is no message ${name}; there are ${messageNames.join(', ')}`),
  );
}

/** Shown to the sender in red; a refused update leaves no history. */
function refused(why: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(why, 'MessageRefused');
  // a sender has no use for our lines
  failure.stack = '';
  return failure;
}

function parse(name: MessageName, payload: unknown): Message | string {
  if (isUndecodable(payload)) return `${name}: the payload cannot be read: ${payload.reason}`;
  const parsed = MESSAGES[name].payload.safeParse(payload);
  if (parsed.success) return { name, ...parsed.data } as Message;
  return `${name}: ${mistakesOf(parsed.error, payload, MESSAGES[name].payload)
    .map((mistake) => mistakeText(mistake, 'payload'))
    .join('; ')}. An example: ${exampleOf(name)}`;
}

const exampleOf = (name: MessageName) => JSON.stringify(EXAMPLES[name]);
