import type { Looked, Subject } from '../../contracts/recovery';
import type { ChangeRef } from '../attempt';
import { attempt } from '../attempt';
import type { Worlds } from '../world';
import { assessDamage } from './assess';

export function recoveryActivities(worlds: Worlds) {
  return {
    /**
     * How hosts are, measured. Changes nothing, and takes minutes.
     *
     * @param input.change that has begun: a cluster file that was broken meanwhile stops it no more
     * @param input.cluster path of the cluster file
     */
    async lookForDamage(input: {
      change?: ChangeRef;
      cluster: string;
      hosts?: string[];
      only?: Subject['kind'];
    }): Promise<Looked[]> {
      const { change, cluster, hosts, only } = input;
      const world = await (change ? worlds.of(change.cluster) : worlds.read(cluster));
      const { signal, progress } = attempt(change ?? { epoch: 0 });
      return assessDamage(world, { hosts, only }, signal, progress);
    },
  };
}
