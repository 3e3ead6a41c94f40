import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';

/**
 * True when a server at the address serves its default namespace and knows our search attributes.
 *
 * @param withinMs bound for the whole look
 */
export async function answers(address: string, withinMs: number): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: withinMs });
    const { operatorService, workflowService } = connection;
    return await connection.withDeadline(Date.now() + withinMs, async () => {
      await workflowService.describeNamespace({ namespace: 'default' });
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace: 'default' });
      return Object.keys(SEARCH_ATTRIBUTES).every((name) => name in customAttributes);
    });
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
