import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes';

/**
 * A run that sets an attribute which the server does not know hangs in its workflow task for ever.
 *
 * @returns a command for each attribute that is missing
 */
export async function missingSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.entries(SEARCH_ATTRIBUTES)
    .filter(([name]) => !(name in (customAttributes ?? {})))
    .map(
      ([name, type]) =>
        `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
    );
}
