/** For the sandbox of workflows, which knows no settings; see `workflow-code.ts`. */
import { DefaultFailureConverter } from '@temporalio/common';

/** A worker with a key writes `shut` over it in the text of the bundle. */
const MESSAGES: string = 'failure messages: open';

/** Messages and stacks are no payloads: without this they would stay in clear text beside encrypted ones. */
export const failureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: MESSAGES.endsWith('shut'),
});
