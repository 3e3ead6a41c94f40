/** Whether backups are young enough for a change to begin. */
import { cancellationSignal } from '@temporalio/activity';
import type { FreshBackup } from '../../contracts/inputs/rolling-upgrade';
import type { Freshness } from '../../domain/backups/fresh';
import { freshness } from '../../domain/backups/fresh';
import type { ChangeRef } from '../attempt';
import type { World, Worlds } from '../world';
import type { Source } from './source';
import { sourceNamed } from './source';
import { readCatalogue } from './store';

export function freshActivities(worlds: Worlds) {
  return {
    /**
     * What a source has not, one sentence for each host; none: each has a backup that is young enough. Changes nothing.
     */
    async findStale(
      input: { change: ChangeRef } & Pick<FreshBackup, 'source' | 'maxAgeMinutes'>,
    ): Promise<string[]> {
      const world = await worlds.of(input.change.cluster);
      const source = sourceNamed(world, input.source);
      const found = await freshnessOf(world, source, input.maxAgeMinutes, cancellationSignal());
      return found.flatMap(({ fresh, text }) => (fresh ? [] : [text]));
    },
  };
}

export async function freshnessOf(
  world: World,
  source: Source,
  maxAgeMinutes: number,
  signal: AbortSignal,
): Promise<Freshness[]> {
  const catalogue = await readCatalogue(world, source, signal);
  return freshness(catalogue, { hosts: source.hosts, maxAgeMinutes }, Date.now());
}
