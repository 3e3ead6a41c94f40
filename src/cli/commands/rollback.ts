import type { Command } from 'commander';
import { begin, type Following } from '../begin';
import type { Cli } from '../cli';
import { userName } from '../message-options';
import { withTemporal } from '../temporal';

interface Options extends Following {
  cluster: string;
  to?: string;
  config?: string;
  reason: string;
  minServing?: string;
}

export function addRollback(program: Command, { terminal, action }: Cli): void {
  program
    .command('rollback')
    .helpGroup('Changes:')
    .description('bring a service back at once, ahead of whatever is at work on it')
    .argument('<service>', 'name of the service')
    .requiredOption('-c, --cluster <file>', 'cluster file, as the worker sees it')
    .requiredOption('-r, --reason <text>', 'what everybody is told')
    .option('-t, --to <version>', 'default: the last release that has proven itself')
    .option('--config <revision>', 'default: the configuration that proved itself with the version')
    .option('--min-serving <amount>', 'hosts that must go on serving, such as 3 or 50%')
    .option('--id <id>', 'id of the run; by default made of the service and the time')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('--json', 'machine readable')
    .action(
      action((service: string, { cluster, to, config, reason, minServing, ...following }: Options) => {
        const input = {
          ...{ cluster, service, reason, by: userName() },
          ...(to !== undefined && { version: to }),
          ...(config !== undefined && { config }),
          ...(minServing !== undefined && { minServing: amountOf(minServing) }),
        };
        return withTemporal((temporal) =>
          begin(temporal, { type: 'emergencyRollback', input }, following, terminal),
        );
      }),
    );
}

/** Whether that is an amount, the plan says. */
const amountOf = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
