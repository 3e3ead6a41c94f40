import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import { isId, noMoment, sourceOf, timeOf } from '../backup-id';
import { begin, type Following } from '../begin';
import type { Cli } from '../cli';
import type { JsonObject } from '../read-object';
import { withTemporal } from '../temporal';

interface Options extends Following {
  hosts?: string[];
  restore?: string[];
  at?: string;
  since?: string;
  dryRun?: boolean;
}

export function addRecover(program: Command, { terminal, action }: Cli): void {
  program
    .command('recover')
    .helpGroup('Backups:')
    .description('measure what is damaged, and bring back that and nothing else once you have approved it')
    .argument('<cluster>', 'the cluster file, as the worker sees it')
    .option('--hosts <name...>', 'only these; default: all but the store of backups')
    .option('--restore <what...>', 'these whatever is found: ids of backups, or sources')
    .option('--at <time>', 'of these sources: the moment that is to come back')
    .option('--since <time>', 'when the disaster struck, such as 2026-11-29T02:00:00Z; default: now')
    .option('--dry-run', 'only measure')
    .option('--id <id>', 'id of the run; by default made of the time')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('--json', 'machine readable')
    .action(
      action(async (cluster: string, options: Options) => {
        const { hosts, since, dryRun, restore: _restore, at: _at, ...following } = options;
        const struck = since === undefined ? {} : { since: timeOf(since, '--since') };
        const restore = await restoresOf(cluster, options);
        const input = {
          cluster,
          ...(hosts && { hosts }),
          ...(restore.length > 0 && { restore }),
          ...struck,
          ...(dryRun && { dryRun }),
        };
        return withTemporal((temporal) =>
          begin(temporal, { type: 'disasterRecovery', input }, following, terminal),
        );
      }),
    );
}

/** What is wrong with the options is told before a worker is asked. */
async function restoresOf(cluster: string, { restore = [], at }: Options): Promise<JsonObject[]> {
  const moment = at === undefined ? {} : { at: timeOf(at, '--at') };
  if (at !== undefined && restore.length === 0)
    throw new PawlError('BadInput', '--at: of what? name sources with --restore');
  const [backup] = restore.filter(isId);
  if (at !== undefined && backup !== undefined) throw noMoment(backup);
  return Promise.all(
    restore.map(async (what) =>
      isId(what) ? { source: await sourceOf(what, cluster), backup: what } : { source: what, ...moment },
    ),
  );
}
