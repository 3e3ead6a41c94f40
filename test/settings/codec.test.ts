import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Payload, SerializationContext } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { encryptionCodec } from '../../src/temporal/codec';
import { codecServer } from '../../src/temporal/codec-server';
import type { Encryption } from '../../src/temporal/settings';

const KEYS = { old: randomBytes(32), new: randomBytes(32) };
const NAMESPACE = 'operations';

/** @param ids the first one encrypts */
function encryption(...ids: (keyof typeof KEYS)[]): Encryption {
  const all = ids.map((id) => ({ id, bytes: KEYS[id] }));
  return { keys: { current: all[0]!, byId: new Map(all.map((key) => [key.id, key])) }, plaintext: 'refuse' };
}

const workflow = (workflowId: string): SerializationContext => ({
  type: 'workflow',
  namespace: NAMESPACE,
  workflowId,
});
const activity = (workflowId: string): SerializationContext => ({
  type: 'activity',
  namespace: NAMESPACE,
  workflowId,
  activityId: '1',
  isLocal: false,
});
const value = { password: 'sesame' };
const plain = () => defaultPayloadConverter.toPayload(value);
const read = (payload: Payload) => defaultPayloadConverter.fromPayload(payload);
const worker = encryptionCodec(encryption('new', 'old'), NAMESPACE, 'worker');
const client = encryptionCodec(encryption('new', 'old'), NAMESPACE, 'client');

async function sealed(context?: SerializationContext, codec = client): Promise<Payload> {
  const [payload] = await codec.encode([plain()], context);
  return payload!;
}

const opened = async (payload: Payload, context?: SerializationContext, codec = client) =>
  read((await codec.decode([payload], context))[0]!);

it('gives back what was encrypted, and shows nothing of it', async () => {
  const payload = await sealed(workflow('w'));
  const everything = JSON.stringify(Object.values(payload.metadata!).map(String)) + String(payload.data);
  expect(everything).not.toMatch(/sesame|password|json/);
  expect(await opened(payload, workflow('w'))).toEqual(value);
  expect(Buffer.from((await sealed(workflow('w'))).data!).equals(payload.data!)).toBe(false);
});

it('changes keys: what is old stays readable as long as its key is named', async () => {
  const before = await sealed(workflow('w'), encryptionCodec(encryption('old'), NAMESPACE, 'client'));
  expect(await opened(before, workflow('w'))).toEqual(value);
  const forgotten = encryptionCodec(encryption('new'), NAMESPACE, 'client');
  await expect(opened(before, workflow('w'), forgotten)).rejects.toThrow(
    'there is no key old; there are new',
  );
});

const changed = (payload: Payload, change: (payload: Payload) => void): Payload => {
  const copy = { metadata: { ...payload.metadata }, data: Buffer.from(payload.data!) };
  change(copy);
  return copy;
};

it.each([
  ['another workflow', (payload: Payload) => payload, workflow('other'), 'it was made for w'],
  ['another activity’s workflow', (payload: Payload) => payload, activity('other'), 'it was made for w'],
  [
    'a name that was written over',
    (payload: Payload) =>
      changed(payload, ({ metadata }) => void (metadata!['pawl-workflow'] = Buffer.from('other'))),
    workflow('other'),
    'it was changed',
  ],
  [
    'a name that was taken off',
    (payload: Payload) => changed(payload, ({ metadata }) => void delete metadata!['pawl-workflow']),
    workflow('w'),
    'it was changed',
  ],
  [
    'a flipped bit',
    (payload: Payload) => changed(payload, ({ data }) => void (data![20]! ^= 1)),
    workflow('w'),
    'it was changed',
  ],
  [
    'a cut end',
    (payload: Payload) => changed(payload, (copy) => void (copy.data = copy.data!.subarray(0, 8))),
    workflow('w'),
    'it was changed',
  ],
  ['clear text', plain, workflow('w'), 'it is not encrypted'],
])('refuses %s', async (_what, change, context, words) => {
  const payload = change(await sealed(workflow('w')));
  await expect(opened(payload, context)).rejects.toThrow(words);
  // the workflow itself answers an input or a message that cannot be read; all else waits for the right key
  const told = opened(payload, context, worker);
  if (context.type === 'activity') await expect(told).rejects.toThrow(words);
  else await expect(told).resolves.toEqual({ undecodable: true, reason: expect.stringContaining(words) });
});

it('refuses another namespace', async () => {
  const elsewhere = encryptionCodec(encryption('new'), 'elsewhere', 'client');
  await expect(opened(await sealed(workflow('w')), workflow('w'), elsewhere)).rejects.toThrow(NAMESPACE);
});

it('knows runs of a schedule by the id that the schedule gives', async () => {
  const payload = await sealed(workflow('backup'));
  expect(await opened(payload, workflow('backup-2026-11-24T03:00:00Z'))).toEqual(value);
  await expect(opened(payload, workflow('backup-of-another'))).rejects.toThrow('made for backup');
});

it('gives a run of a schedule what the run before has left, and its activities nothing of it', async () => {
  const payload = await sealed(workflow('drift-2026-11-24T03:00:00Z'));
  expect(await opened(payload, workflow('drift-2026-11-24T04:00:00Z'))).toEqual(value);
  for (const other of [
    workflow('drift'),
    workflow('other-2026-11-24T04:00:00Z'),
    activity('drift-2026-11-24T04:00:00Z'),
  ])
    await expect(opened(payload, other)).rejects.toThrow('made for drift-2026-11-24T03:00:00Z');
});

it('takes what is bound to no workflow as inputs and messages, and nowhere else', async () => {
  const payload = await sealed();
  expect(await opened(payload, workflow('w'))).toEqual(value);
  await expect(opened(payload, activity('w'))).rejects.toThrow('it was made for no workflow');
});

it('takes clear text while that is allowed', async () => {
  const lenient = encryptionCodec({ ...encryption('new'), plaintext: 'accept' }, NAMESPACE, 'worker');
  expect(await opened(plain(), activity('w'), lenient)).toEqual(value);
});

describe('the codec server', () => {
  const ORIGIN = 'https://temporal.example';
  const codec = encryptionCodec(encryption('new'), NAMESPACE, 'display');
  const server = codecServer({ codec, namespace: NAMESPACE, origin: ORIGIN, token: 'a long token' });
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const AUTHORIZED = { authorization: 'Bearer a long token' };
  const call = (path: string, init: RequestInit) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
  const post = (path: string, payloads: unknown, headers: Record<string, string> = AUTHORIZED) =>
    call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ payloads }),
    });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const json = ({ metadata, data }: Payload) => ({
    metadata: Object.fromEntries(Object.entries(metadata!).map(([name, bytes]) => [name, base64(bytes)])),
    data: base64(data!),
  });

  it('encodes and decodes, under the namespace’s path too', async () => {
    const answer = await post('/encode', [json(plain())], { ...AUTHORIZED, 'x-namespace': NAMESPACE });
    const { payloads } = (await answer.json()) as { payloads: unknown[] };
    expect(JSON.stringify(payloads)).not.toContain(base64(plain().data!));
    const back = await post(`/${NAMESPACE}/decode`, payloads);
    expect(await back.json()).toEqual({ payloads: [json(plain())] });
  });

  it('shows clear text as it is, and says why something cannot be read', async () => {
    const foreign = await sealed(workflow('w'), encryptionCodec(encryption('old'), NAMESPACE, 'client'));
    const { payloads } = (await (await post('/decode', [json(plain()), json(foreign)])).json()) as {
      payloads: { data: string }[];
    };
    expect(payloads.map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown)).toEqual(
      [value, { undecodable: true, reason: 'there is no key old; there are new' }],
    );
  });

  it('answers pages of one origin only', async () => {
    const preflight = await call('/decode', { method: 'OPTIONS', headers: { origin: ORIGIN } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
      const refused = await post('/decode', [], { ...AUTHORIZED, origin });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await post('/decode', [], { ...AUTHORIZED, origin: ORIGIN })).status).toBe(200);
  });

  it.each([
    ['no token', () => post('/decode', [], {}), 401],
    ['another token', () => post('/decode', [], { authorization: 'Bearer a long tokem' }), 401],
    ['another namespace', () => post('/decode', [], { ...AUTHORIZED, 'x-namespace': 'other' }), 400],
    ['another path', () => post('/keys', []), 404],
    ['another method', () => call('/decode', { headers: AUTHORIZED }), 405],
    ['no list', () => post('/decode', { a: 1 }), 400],
    ['no base64', () => post('/decode', [{ data: '%' }]), 400],
    ['no JSON', () => call('/decode', { method: 'POST', headers: AUTHORIZED, body: '{' }), 400],
    [
      'too much',
      () => call('/decode', { method: 'POST', headers: AUTHORIZED, body: ' '.repeat(9 * 1024 * 1024) }),
      413,
    ],
  ])('refuses %s', async (_what, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ message: expect.any(String) });
  });
});
