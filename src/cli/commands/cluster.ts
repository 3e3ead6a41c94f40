import type { Command } from 'commander';
import { loadCluster } from '../../adapters/cluster-file';
import type { Cluster } from '../../contracts/cluster';
import { PawlError } from '../../contracts/failures';
import { mistakeRows } from '../../render/mistakes';
import type { Cli } from '../cli';
import { draw } from '../draw';
import { mistakesIn } from '../errors';
import { EXIT } from '../exit-codes';
import { told } from '../words/language';

export function addCluster(program: Command, { terminal, action }: Cli): void {
  program
    .command('cluster')
    .helpGroup('Files:')
    .description('look at cluster files')
    .helpCommand(false)
    .command('check')
    .description('check a cluster file; every mistake with its line and column')
    .argument('<file>', 'the cluster file')
    .option('--json', 'machine readable')
    .action(action((file: string, options: { json?: boolean }) => check(file, options)));

  async function check(file: string, { json }: { json?: boolean }): Promise<number> {
    try {
      const { cluster } = await loadCluster(file);
      const { green } = terminal.colours;
      const facts = factsOf(cluster);
      terminal.print(
        json ? `${JSON.stringify({ ok: true, ...facts })}\n` : `${green('ok')}: ${sentence(facts)}\n`,
      );
      return EXIT.done;
    } catch (error) {
      const mistakes = error instanceof PawlError ? mistakesIn(error.details) : [];
      if (mistakes.length === 0) throw error;
      if (json) terminal.print(`${JSON.stringify({ ok: false, mistakes })}\n`);
      else terminal.remark(draw(mistakeRows(told(terminal.language, mistakes)), terminal).join('\n'));
      return EXIT.badInput;
    }
  }
}

interface Facts {
  cluster: string;
  hosts: number;
  balancers: string[];
  /** by service, the hosts that run it */
  services: Record<string, string[]>;
}

function factsOf({ cluster, hosts, balancers, services }: Cluster): Facts {
  const running = (role: string) => Object.keys(hosts).filter((name) => hosts[name]?.roles.includes(role));
  return {
    cluster,
    hosts: Object.keys(hosts).length,
    balancers: Object.keys(balancers),
    services: Object.fromEntries(Object.entries(services).map(([name, { role }]) => [name, running(role)])),
  };
}

function sentence({ cluster, hosts, balancers, services }: Facts): string {
  const each = Object.entries(services).map(([name, on]) => `${name} on ${on.join(', ') || 'no host'}`);
  return `cluster ${cluster}: ${hosts} hosts; balancers ${balancers.join(', ') || 'none'}; services ${each.join('; ') || 'none'}`;
}
