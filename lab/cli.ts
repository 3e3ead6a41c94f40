import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { LabError } from './error';
import { down, exec, startMetrics, status, up, type LabStatus } from './hosts';
import type { Wanted } from './hosts/topology';
import { startLoad } from './load';

const DEFAULT_NAME = 'lab';

const program = new Command('npm run lab --')
  .description('Real Debian hosts on this machine: application hosts, spares and balancers.')
  .configureHelp({ showGlobalOptions: true });

program
  .command('up')
  .description('bring the lab up; running hosts are kept, others started, made or removed')
  .option('--hosts <n>', 'application hosts n1, n2, …', whole, 6)
  .option('--spare <n>', 'spare hosts s1, s2, …', whole, 0)
  .option('--idle <n>', 'hosts i1, i2, … that balancers know and send nothing', whole, 0)
  .option('--nginx', 'with an nginx beside HAProxy, on host lb2')
  .option('--no-database', 'without the MariaDB on host db1')
  .option('--no-backup', 'without host bk1, which keeps backups')
  .option('--metrics', 'with Prometheus, node exporter and the exporter of HAProxy')
  .option('--name <name>', 'several labs live side by side', DEFAULT_NAME)
  .action(async (options: Wanted & { metrics?: boolean; name: string }) => {
    const seconds = stopwatch();
    await up({ ...options, log: (line) => console.log(pc.dim(line)) });
    const metrics = options.metrics ? await startMetrics(options.name) : undefined;
    show((await status(options.name))!);
    if (metrics) console.log(`  Prometheus: ${metrics.url}/`);
    console.log(`${pc.green('up')} in ${seconds()} s`);
  });

program
  .command('down')
  .description('remove the lab and all it made')
  .option('--name <name>', 'which lab', DEFAULT_NAME)
  .action(async ({ name }: { name: string }) => {
    const seconds = stopwatch();
    await down(name);
    console.log(`${pc.green('down')} in ${seconds()} s: lab ${name} is gone`);
  });

program
  .command('status')
  .description('show the lab and its hosts')
  .option('--name <name>', 'which lab', DEFAULT_NAME)
  .option('--json', 'for programs')
  .action(async ({ name, json }: { name: string; json?: boolean }) => {
    const lab = await status(name);
    if (json) console.log(JSON.stringify(lab ?? { name, hosts: [] }, null, 2));
    else if (lab) show(lab);
    else console.log(`There is no lab ${name}. Make it with: npm run lab -- up`);
  });

program
  .command('exec')
  .description('run a program on a host as root, e.g. exec n1 -- systemctl status web')
  .argument('<host>')
  .argument('<command...>')
  .option('--name <name>', 'which lab', DEFAULT_NAME)
  .action(async (host: string, command: string[], { name }: { name: string }) => {
    const { code, stdout, stderr } = await exec(name, host, command, { timeoutMs: 600_000 });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = code;
  });

program
  .command('load')
  .description('send requests at a fixed rate and print what came of them as JSON; 1: some failed')
  .option('--rate <n>', 'requests a second', whole, 1000)
  .option('--seconds <n>', 'how long', whole, 10)
  .option('--slow-every <ms>', 'one request of 8 s more, each so many milliseconds', whole)
  .option('--name <name>', 'which lab', DEFAULT_NAME)
  .action(async (options: { rate: number; seconds: number; slowEvery?: number; name: string }) => {
    const balancer = (await status(options.name))?.hosts.find((host) => host.role === 'balancer');
    if (!balancer) throw new LabError(`there is no lab ${options.name}`);
    const { rate, slowEvery: everyMs } = options;
    const load = await startLoad({ url: `http://${balancer.address}/`, rate, slow: { everyMs } });
    await sleep(options.seconds * 1000);
    const result = await load.stop();
    console.log(JSON.stringify(result, null, 2));
    process.exitCode = result.failed > 0 ? 1 : 0;
  });

program.parseAsync().catch((error: Error) => {
  console.error(pc.red(error instanceof LabError ? error.message : (error.stack ?? error.message)));
  process.exitCode = 1;
});

function show(lab: LabStatus): void {
  for (const { name, role, address, state } of lab.hosts) {
    const colour = state === 'running' ? pc.green : pc.yellow;
    console.log(`  ${name.padEnd(5)} ${address.padEnd(15)} ${role.padEnd(9)} ${colour(state)}`);
  }
  const balancer = lab.hosts.find((host) => host.role === 'balancer');
  console.log(`  web: http://${balancer?.address}/   ssh: ssh -F ${lab.sshConfig} n1`);
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

function stopwatch(): () => string {
  const begun = Date.now();
  return () => ((Date.now() - begun) / 1000).toFixed(1);
}
