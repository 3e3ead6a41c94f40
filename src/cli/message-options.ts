import { userInfo } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import { PawlError } from '../contracts/failures';
import { MESSAGES, type MessageName } from '../contracts/messages';
import { parseObject, type JsonObject } from './read-object';

/** Words for the fields that messages have. */
const ABOUT: Record<string, string> = {
  by: 'who says it; by default you, by your user name',
  note: 'why, for the report',
  host: 'which host',
  step: 'which step that is done once',
  role: 'in which role',
  planHash: 'only if this is still the plan; its first 8 digits are enough',
  signature: 'signature of the approval',
  undo: 'put back every host that was touched',
  minutes: 'how many minutes more',
};

const flagOf = (field: string) => `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** One option for each field of the message's contract. */
export function addMessageOptions(command: Command, name: MessageName): void {
  for (const [field, schema] of fieldsOf(name)) {
    const flag = flagOf(field);
    const about = ABOUT[field] ?? '';
    if (schema instanceof z.ZodBoolean) {
      command.addOption(new Option(flag, about).default(true));
      command.addOption(new Option(flag.replace('--', '--no-'), `do not ${about}`));
    } else if (schema instanceof z.ZodNumber)
      command.addOption(new Option(`${flag} <n>`, about).argParser(number));
    else command.addOption(new Option(`${flag} <${field}>`, about));
  }
}

/**
 * What is sent. A JSON text stands for the whole payload; else it is made of the options. Whether it is
 * right is for the run to say.
 */
export function payloadOf(name: MessageName, options: JsonObject, json?: string): JsonObject {
  if (json !== undefined) return fromJson(name, json);
  const payload: JsonObject = { by: userName() };
  for (const [field] of fieldsOf(name)) if (options[field] !== undefined) payload[field] = options[field];
  return payload;
}

function number(text: string): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}

/** The way back: the command that sends a payload in the name of who types it. */
export function messageCommand(id: string, message: string, { by: _by, ...payload }: JsonObject): string {
  const flags = Object.entries(payload).map(([field, value]) => {
    if (value === true) return '';
    if (value === false) return flagOf(field).replace('--', '--no-');
    return `${flagOf(field)} ${quoted(String(value))}`;
  });
  return ['pawl', message, quoted(id), ...flags.filter(Boolean)].join(' ');
}

export function userName(): string {
  if (process.env.USER) return process.env.USER;
  try {
    return userInfo().username;
  } catch {
    // a container may run with a user id that has no name
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

function fieldsOf(name: MessageName): [string, unknown][] {
  return Object.entries<z.ZodType>(MESSAGES[name].payload.shape).map(([field, schema]) => [
    field,
    schema instanceof z.ZodOptional ? schema.unwrap() : schema,
  ]);
}

function fromJson(name: MessageName, json: string): JsonObject {
  try {
    return parseObject(json, 'the JSON');
  } catch (error) {
    const host = fieldsOf(name).some(([field]) => field === 'host')
      ? `; a host is named with --host ${json}`
      : '';
    throw new PawlError('BadInput', `${name} takes one JSON object${host || '; see its --help'}`, undefined, {
      cause: error,
    });
  }
}

function quoted(text: string): string {
  return /^[\w.,:+=@%/~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
