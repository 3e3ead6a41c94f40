/**
 * AES-256-GCM for everything that Temporal keeps: inputs, results, messages, and what failures say.
 *
 * A payload is bound to its namespace and workflow: copied into another run, it is refused. Those that the
 * codec server made for the web interface are bound to the namespace alone, since nobody tells it the
 * workflow; they are taken as inputs and messages of workflows, and nowhere else.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Undecodable } from '../contracts/undecodable';
import type { Encryption } from './settings';

const { Payload: PayloadMessage } = temporal.api.common.v1;

const ENCRYPTED = 'binary/encrypted';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What Temporal adds to the id of a workflow that a schedule starts. */
const SCHEDULED = /-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** Stands beside a payload in clear text, and is authenticated with it. */
interface Seal {
  key: string;
  namespace: string;
  /** none where it was not known */
  workflow?: string;
}

export class Unreadable extends Error {}

/**
 * Who decodes. A worker must not hang on a message that it cannot read; a client is told at once; a display
 * shows what it can, and why it cannot.
 */
type Reader = 'worker' | 'client' | 'display';

/** @param namespace of the connection: a replay knows no other */
export function encryptionCodec(encryption: Encryption, namespace: string, reader: Reader): PayloadCodec {
  const { keys, plaintext } = encryption;

  function open(payload: Payload, context?: SerializationContext): Payload {
    const seal = sealOf(payload);
    if (!seal) {
      if (plaintext === 'accept' || reader === 'display') return payload;
      throw new Unreadable('it is not encrypted, and only encrypted payloads are taken');
    }
    const key = keys.byId.get(seal.key);
    if (!key)
      throw new Unreadable(`there is no key ${seal.key}; there are ${[...keys.byId.keys()].join(', ')}`);
    if (seal.namespace !== namespace) throw new Unreadable(`it was made for namespace ${seal.namespace}`);
    if (!belongs(seal, context)) throw new Unreadable(`it was made for ${seal.workflow ?? 'no workflow'}`);
    return PayloadMessage.decode(decrypted(key.bytes, seal, payload.data!));
  }

  return {
    encode: async (payloads, context) =>
      payloads.map((payload) => {
        const workflow = context?.workflowId;
        const seal = { key: keys.current.id, namespace, ...(workflow && { workflow }) };
        return sealed(keys.current.bytes, seal, PayloadMessage.encode(payload).finish());
      }),
    decode: async (payloads, context) =>
      payloads.map((payload) => {
        try {
          return open(payload, context);
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          // a worker's inputs and messages are answered by the workflow; all else waits for the right key
          const answered = reader === 'worker' && context?.type === 'workflow';
          if (answered || reader === 'display') return asUndecodable(error);
          throw error;
        }
      }),
  };
}

function belongs({ workflow }: Seal, context: SerializationContext | undefined): boolean {
  if (!context) return true;
  if (workflow === undefined) return context.type === 'workflow';
  const actual = context.workflowId;
  if (actual === undefined || actual === workflow) return true;
  const schedule = scheduleOf(actual);
  if (schedule === actual) return false;
  // a run of a schedule is given its input by the schedule, and the result of the run before
  return workflow === schedule || (context.type === 'workflow' && scheduleOf(workflow) === schedule);
}

const scheduleOf = (workflow: string) => workflow.replace(SCHEDULED, '');

function sealed(key: Buffer, seal: Seal, clear: Uint8Array): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated(seal));
  const data = Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
  const { key: id, namespace, workflow } = seal;
  return {
    metadata: {
      encoding: Buffer.from(ENCRYPTED),
      'pawl-key': Buffer.from(id),
      'pawl-namespace': Buffer.from(namespace),
      ...(workflow !== undefined && { 'pawl-workflow': Buffer.from(workflow) }),
    },
    data,
  };
}

function decrypted(key: Buffer, seal: Seal, data: Uint8Array): Uint8Array {
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(associated(seal)).setAuthTag(data.subarray(-TAG_BYTES));
    return Buffer.concat([cipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), cipher.final()]);
  } catch {
    throw new Unreadable(`it was changed, or encrypted with another key ${seal.key}`);
  }
}

const associated = ({ key, namespace, workflow }: Seal) =>
  Buffer.from(JSON.stringify(['pawl-1', key, namespace, workflow ?? null]));

function sealOf({ metadata }: Payload): Seal | undefined {
  const word = (name: string) => {
    const bytes = metadata?.[name];
    return bytes ? Buffer.from(bytes).toString('utf8') : undefined;
  };
  if (word('encoding') !== ENCRYPTED) return undefined;
  const workflow = word('pawl-workflow');
  return {
    key: word('pawl-key') ?? '',
    namespace: word('pawl-namespace') ?? '',
    ...(workflow !== undefined && { workflow }),
  };
}

function asUndecodable({ message }: Error): Payload {
  const stands = { undecodable: true, reason: message } satisfies Undecodable;
  return {
    metadata: { encoding: Buffer.from('json/plain') },
    data: Buffer.from(JSON.stringify(stands)),
  };
}
