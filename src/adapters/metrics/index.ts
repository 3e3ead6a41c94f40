import type { Cluster } from '../../contracts/cluster';
import type { Metrics } from '../../contracts/world';
import { prometheus } from './prometheus';

/** The metrics server of a cluster, where its file names one. Opens no connection yet. */
export function openMetrics(cluster: Cluster, folder: string): Metrics | null {
  return cluster.metrics ? prometheus(cluster, cluster.metrics, folder) : null;
}
