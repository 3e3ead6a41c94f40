/** npm run bench [-- …]: what Pawl takes, and what it is compared with. */
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { backup } from './backup';
import { compare } from './compare';
import { config } from './config';
import { rollback } from './rollback';
import { scale, stopScale } from './scale';
import { Stand } from './stand';
import { where } from './where';
import { worker } from './worker';

const program = new Command('npm run bench --').description('What Pawl takes on real hosts on this machine.');

program
  .command('compare', { isDefault: true })
  .description('the same upgrade of six hosts, one at a time, by Pawl and by other tools')
  .option('--rounds <n>', 'how often each tool does it', whole, 5)
  .option('--only <tool...>', 'these tools')
  .action(async (options: { rounds: number; only?: string[] }) => ended(await compare(options)));

program
  .command('where')
  .description('where the time of an upgrade goes')
  .option('--rounds <n>', 'how many upgrades are looked at', whole, 5)
  .action(async (options: { rounds: number }) => ended(await where(options)));

program
  .command('worker')
  .description("the worker's memory, and the time for which a host is out against its service's own restart")
  .option('--rounds <n>', 'how many upgrades are looked at', whole, 5)
  .action(async (options: { rounds: number }) => ended(await worker(options)));

program
  .command('rollback')
  .description('how soon after a word a bad version answers nobody any more')
  .option('--rounds <n>', 'how often each way is gone', whole, 3)
  .action(async (options: { rounds: number }) => ended(await rollback(options)));

program
  .command('scale')
  .description('an upgrade of many simulated hosts: time, memory, history')
  .option('--hosts <n...>', 'how many', (text, before: number[] = []) => [...before, whole(text)])
  .action(async ({ hosts = [100, 1_000] }: { hosts?: number[] }) => ended(await scale({ hosts })));

program
  .command('config')
  .description(
    'a large configuration: rendered and compared for many simulated hosts, staged and switched on one',
  )
  .option('--files <n>', 'how many each host has', whole, 1_000)
  .option('--hosts <n>', 'how many', whole, 50)
  .action(async (options: { files: number; hosts: number }) => ended(await config(options)));

program
  .command('backup')
  .description('a database dumped to a store, beside `mariadb-dump | restic`: throughput, memory')
  .option('--gigabytes <n>', 'how much is dumped', amount, 5)
  .option('--rounds <n>', 'how often each way is gone', whole, 1)
  .action(async (options: { gigabytes: number; rounds: number }) => ended(await backup(options)));

program.parseAsync().catch((error: Error) => {
  console.error(pc.red(error.stack ?? error.message));
  process.exitCode = 1;
});

// what was brought up is taken down, whoever ends the benchmark
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(
    signal,
    () => void Promise.allSettled([Stand.down(), stopScale()]).finally(() => process.exit(1)),
  );

function ended(well: boolean): void {
  process.exitCode = well ? 0 : 1;
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 is wanted.');
  return Number(text);
}

function amount(text: string): number {
  if (!/^\d{1,3}(\.\d+)?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('A number above 0 is wanted.');
  return Number(text);
}
