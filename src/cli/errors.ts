import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { PawlError, type Mistake } from '../contracts/failures';
import { EXIT } from './exit-codes';

const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;
/** gRPC codes that say something about the connection, and not about the call: cancelled, deadline exceeded. */
const NOT_REACHED = [1, 4, UNAVAILABLE];
/** Permission denied, unauthenticated. */
const REFUSED = [PERMISSION_DENIED, 16];

/** Trouble with the connection in words; every other error as it is. */
export function explained(error: unknown, address: string): unknown {
  if (error instanceof PawlError) return error;
  const say = (words: string) => new PawlError('Failed', words, undefined, { cause: error });
  if (error instanceof NamespaceNotFoundError)
    return say(
      `Temporal at ${address} has no namespace ${error.namespace}; TEMPORAL_NAMESPACE names another`,
    );
  const code = grpcCode(error) ?? 0;
  if (NOT_REACHED.includes(code))
    return say(
      `Temporal cannot be reached at ${address}; \`npm run up\` starts one here, TEMPORAL_ADDRESS names another`,
    );
  if (REFUSED.includes(code))
    return say(
      `Temporal at ${address} refuses these credentials; TEMPORAL_API_KEY and TEMPORAL_TLS_* set them`,
    );
  return error;
}

/** True when asking again may help. */
export function isConnectionTrouble(error: unknown): boolean {
  return NOT_REACHED.includes(grpcCode(error) ?? 0);
}

/** The server's own words where it will not do a thing for us at all; undefined for other trouble. */
export function refusedByServer(error: unknown): string | undefined {
  const refused = [INVALID_ARGUMENT, PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED];
  if (!refused.includes(grpcCode(error) ?? 0)) return undefined;
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (isGrpcServiceError(at)) return at.details;
  return undefined;
}

/** What is said of an error, and the exit code that goes with it. */
export function exitCodeOfError(error: unknown): number {
  const refused = error instanceof PawlError && ['BadInput', 'PlanChanged'].includes(error.type);
  return refused ? EXIT.badInput : EXIT.error;
}

/** The mistakes that a failure carries in one of its details. */
export function mistakesIn(...details: readonly unknown[]): Mistake[] {
  for (const detail of details) {
    const mistakes = (detail as { mistakes?: unknown } | null | undefined)?.mistakes;
    if (Array.isArray(mistakes)) return mistakes as Mistake[];
  }
  return [];
}

function grpcCode(error: unknown): number | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return at.code;
    // what `Connection.connect` says when nobody answers in its time
    if (at.message.startsWith('Failed to connect before the deadline')) return UNAVAILABLE;
  }
  return undefined;
}
