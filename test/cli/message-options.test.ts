import { Command } from 'commander';
import { addMessageOptions, messageCommand, payloadOf, userName } from '../../src/cli/message-options';
import { MESSAGES, messageNames, type MessageName } from '../../src/contracts/messages';

/** What a command line of that message sends. */
function sent(name: MessageName, ...args: string[]): unknown {
  let payload: unknown;
  const command = new Command(name)
    .argument('[json]')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  addMessageOptions(command, name);
  command.action((json: string | undefined, options: Record<string, unknown>) => {
    payload = payloadOf(name, options, json);
  });
  command.parse(args, { from: 'user' });
  return payload;
}

const by = userName();

it.each<{ name: MessageName; args: string[]; payload: unknown }>([
  { name: 'pause', args: [], payload: { by } },
  {
    name: 'pause',
    args: ['--by', 'alice', '--note', 'lunch, then on'],
    payload: { by: 'alice', note: 'lunch, then on' },
  },
  { name: 'approve', args: ['--plan-hash', 'c19e2c69'], payload: { by, planHash: 'c19e2c69' } },
  { name: 'skip', args: ['--host', 'n3'], payload: { by, host: 'n3' } },
  { name: 'retry', args: [], payload: { by } },
  { name: 'abort', args: [], payload: { by, undo: true } },
  { name: 'abort', args: ['--no-undo'], payload: { by, undo: false } },
  { name: 'extend', args: ['--minutes', '30'], payload: { by, minutes: 30 } },
  {
    name: 'abort',
    args: ['{"by":"bob","undo":false}', '--note', 'lost'],
    payload: { by: 'bob', undo: false },
  },
  { name: 'pause', args: ['{"what":1}'], payload: { what: 1 } },
])('$name $args', ({ name, args, payload }) => {
  expect(sent(name, ...args)).toEqual(payload);
});

it.each<{ name: MessageName; args: string[]; says: string }>([
  { name: 'skip', args: ['n3'], says: 'a host is named with --host n3' },
  { name: 'pause', args: ['[]'], says: 'pause takes one JSON object' },
  { name: 'extend', args: ['--minutes', 'ten'], says: 'must be a number' },
  { name: 'extend', args: ['--minutes', ''], says: 'must be a number' },
  { name: 'pause', args: ['--host', 'n3'], says: 'unknown option' },
])('$name $args is refused', ({ name, args, says }) => {
  expect(() => sent(name, ...args)).toThrow(says);
});

it('has an option for every field of every message', () => {
  for (const name of messageNames) {
    const command = new Command(name);
    addMessageOptions(command, name);
    const fields = command.options.filter(({ negate }) => !negate).map((option) => option.attributeName());
    expect(fields.sort()).toEqual(Object.keys(MESSAGES[name].payload.shape).sort());
  }
});

it.each<{ name: MessageName; payload: Record<string, unknown>; command: string }>([
  {
    name: 'approve',
    payload: { by: 'you', planHash: 'c19e2c69' },
    command: 'pawl approve id-1 --plan-hash c19e2c69',
  },
  { name: 'abort', payload: { by: 'you', undo: true }, command: 'pawl abort id-1' },
  { name: 'abort', payload: { by: 'you', undo: false }, command: 'pawl abort id-1 --no-undo' },
  {
    name: 'skip',
    payload: { by: 'you', host: 'n3', note: "it's old" },
    command: `pawl skip id-1 --host n3 --note 'it'\\''s old'`,
  },
])('$command sends what is asked for', ({ name, payload, command }) => {
  expect(messageCommand('id-1', name, payload)).toBe(command);
  const words = [...command.matchAll(/'((?:[^']|'\\'')*)'|\S+/g)].map(
    ([word, quoted]) => quoted?.replaceAll("'\\''", "'") ?? word,
  );
  expect(sent(name, ...words.slice(3))).toEqual({ ...payload, by });
});
