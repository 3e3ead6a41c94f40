import type { Command } from 'commander';
import { isId, sourceOf, timeOf } from '../backup-id';
import { begin, type Following } from '../begin';
import type { Cli } from '../cli';
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
      action((cluster: string, { hosts, restore = [], at, since, dryRun, ...following }: Options) => {
        const input = {
          cluster,
          ...(hosts && { hosts }),
          ...(restore.length > 0 && { restore: restore.map((what) => restoreOf(what, at)) }),
          ...(since !== undefined && { since: timeOf(since) }),
          ...(dryRun && { dryRun }),
        };
        return withTemporal((temporal) =>
          begin(temporal, { type: 'disasterRecovery', input }, following, terminal),
        );
      }),
    );
}

const restoreOf = (what: string, at: string | undefined) =>
  isId(what)
    ? { source: sourceOf(what), backup: what }
    : { source: what, ...(at !== undefined && { at: timeOf(at) }) };
