import { loadCluster } from '../adapters/cluster-file';

/** People have the file at hand, Temporal goes by the name in it: either will do. */
export async function clusterName(nameOrFile: string): Promise<string> {
  if (!/\/|\.(ya?ml|json)$/.test(nameOrFile)) return nameOrFile;
  const { cluster } = await loadCluster(nameOrFile);
  return cluster.cluster;
}
