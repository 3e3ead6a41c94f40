import type { Cluster, Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import { PawlError } from '../../contracts/failures';
import type { Artifact } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedArtifact } from '../../contracts/plan';
import type { ArtifactStore } from '../../adapters/artifacts';
import { refusal } from '../../adapters/artifacts/inspect';
import { escaped } from '../../domain/mistakes';

/**
 * The bytes that somebody names, looked at.
 *
 * @param path where it stands in the input
 * @returns null where it cannot be had or used, which is told then
 */
export async function describeArtifact(
  path: string,
  artifact: Artifact,
  service: Service,
  cluster: Cluster,
  artifacts: ArtifactStore,
  signal: AbortSignal,
  mistakes: Mistake[],
): Promise<PlannedArtifact | null> {
  const value = 'file' in artifact ? artifact.file : artifact.url;
  try {
    const planned = await artifacts.describe(artifact, cluster.artifacts.allowedUrls, signal);
    const why =
      service.release.kind === 'tarball' ? await refusal(await artifacts.fetch(planned, signal)) : null;
    if (why) throw new PawlError('ArtifactRefused', why);
    return planned;
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    mistakes.push({ code: error.type, path, value: escaped(value), rule: error.message });
    return null;
  }
}
