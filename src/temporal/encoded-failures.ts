import { DefaultFailureConverter } from '@temporalio/common';

/** Puts messages and stacks into a payload, so that they are encrypted as all payloads are. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
