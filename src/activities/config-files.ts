import { renderAll, type ConfigRepository, type Rendered } from '../adapters/config-centre';
import { secretIn } from '../adapters/secrets';
import type { PlannedConfig } from '../contracts/plan';
import type { World } from './world';

/**
 * What each host shall have of a set at a commit, with its secrets.
 *
 * @param only this host alone; default: all
 */
export async function filesAt(
  { cluster, folder }: World,
  centre: ConfigRepository,
  { set: service, commit, revision }: Pick<PlannedConfig, 'set' | 'commit' | 'revision'>,
  only?: string,
): Promise<Map<string, Rendered[]>> {
  const tree = await centre.treeOf(service, commit);
  const wanted = { cluster, service, tree, revision, ...(only !== undefined && { only }) };
  return renderAll(wanted, (reference) => secretIn(reference, folder));
}
