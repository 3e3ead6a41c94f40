import { ApplicationFailure, type Duration } from '@temporalio/common';

/**
 * As one that looks on until the workflow ends it: it waits to be tried again, for the test server skips time only while none runs.
 * One that ended instead might do so in the moment in which it is cancelled, and the server refuses that workflow task for ever.
 */
export function looksOn(nextRetryDelay: Duration): never {
  throw ApplicationFailure.create({ message: 'nothing new', nextRetryDelay });
}
