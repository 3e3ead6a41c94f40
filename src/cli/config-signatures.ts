/** Who signed what of a config centre, for people to see. */
import type { LoadedCluster } from '../adapters/cluster-file';
import { signersOf, type ConfigRepository } from '../adapters/config-centre';
import { signatureText } from '../domain/config/rights';

/** In words, who signed: the last change of a service, and the record of a release. */
export type Signatures = Record<string, string>;

/** Nothing where the cluster file says nothing of who may. */
export async function signaturesOf(
  { cluster, centre }: { cluster: LoadedCluster; centre: ConfigRepository },
  service: string,
  ref: string,
  release?: { tag: string; by: string },
): Promise<{ signatures?: Signatures }> {
  if (!cluster.cluster.config?.rights) return {};
  const signers = await signersOf(cluster);
  const revision = await centre.revisionOf(service, await centre.commitOf(ref));
  const id = await centre.commitOf(revision);
  const commit = (await centre.commits([id], signers)).get(id)!;
  const signatures: Signatures = { commit: `${revision} ${signatureText(commit)}` };
  if (release) {
    const signature = await centre.tagSignature(release.tag, signers);
    signatures['record'] = signatureText({ signature, author: release.by });
  }
  return { signatures };
}
