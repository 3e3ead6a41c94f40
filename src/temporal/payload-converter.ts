import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  JsonPayloadConverter,
  UndefinedPayloadConverter,
} from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import type { Undecodable } from '../contracts/undecodable';

/** A signal that cannot be decoded would fail the workflow task again and again: the run would hang for ever. */
class TolerantConverter extends CompositePayloadConverter {
  override fromPayload<T>(payload: Payload): T {
    try {
      return super.fromPayload(payload);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { undecodable: true, reason } satisfies Undecodable as T;
    }
  }
}

export const payloadConverter = new TolerantConverter(
  new UndefinedPayloadConverter(),
  new BinaryPayloadConverter(),
  new JsonPayloadConverter(),
);
