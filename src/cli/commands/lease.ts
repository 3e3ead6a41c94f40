import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import { leaseId } from '../../contracts/lease';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { frame } from '../frame';
import { look, type Look } from '../runs';
import { withTemporal, type Temporal } from '../temporal';

export function addLease(program: Command, { terminal, action }: Cli): void {
  program
    .command('lease')
    .helpGroup('Changes:')
    .description('show who works on a cluster, and who waits in line')
    .argument('<cluster>', 'name of the cluster')
    .option('--json', 'machine readable: one object')
    .action(action((cluster: string, options: { json?: boolean }) => lease(cluster, options)));

  async function lease(cluster: string, { json }: { json?: boolean }): Promise<number> {
    const now = await withTemporal((temporal) => leaseOf(temporal, cluster));
    const { holders = [], waiting = [] } = now?.status.line ?? {};
    if (json) terminal.print(`${JSON.stringify({ cluster, holders, waiting })}\n`);
    else if (now) terminal.print(`${frame(now, terminal).join('\n')}\n`);
    else terminal.print(`nobody works on ${cluster}, and nobody waits\n`);
    return now?.kind === 'silent' ? EXIT.error : EXIT.done;
  }
}

/** There is a lease as long as somebody needs it. */
async function leaseOf(temporal: Temporal, cluster: string): Promise<Look | undefined> {
  try {
    const now = await look(temporal, leaseId(cluster));
    return now.kind === 'ended' ? undefined : now;
  } catch (error) {
    if (error instanceof PawlError && error.type === 'BadInput') return undefined;
    throw error;
  }
}
