import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import { leaseId } from '../../contracts/lease';
import type { Cli } from '../cli';
import { clusterName } from '../cluster-name';
import { EXIT } from '../exit-codes';
import { frame } from '../frame';
import { userName } from '../message-options';
import { look, type Look } from '../runs';
import { sendMessage } from '../send-message';
import { withTemporal, type Temporal } from '../temporal';

export function addLease(program: Command, { terminal, action }: Cli): void {
  program
    .command('lease')
    .helpGroup('Changes:')
    .description('show who works on a cluster, who waits in line, and what is kept of changes that are over')
    .argument('<cluster>', 'name of the cluster, or its file')
    .option('--hand-back <host>', 'keep it no longer as a change left it; its servers stay as they are')
    .option('--json', 'machine readable: one object')
    .action(
      action(async (nameOrFile: string, { handBack: host, json }: { handBack?: string; json?: boolean }) => {
        const cluster = await clusterName(nameOrFile);
        return host === undefined ? lease(cluster, json) : handBack(cluster, host, json);
      }),
    );

  async function handBack(cluster: string, host: string, json?: boolean): Promise<number> {
    const { taken, answer } = await withTemporal(async (temporal) =>
      (await leaseOf(temporal, cluster))
        ? sendMessage(temporal, leaseId(cluster), 'handBack', { host, by: userName() })
        : { taken: true, answer: `nobody works on ${cluster}, and nothing is kept` },
    );
    if (json) terminal.print(`${JSON.stringify({ cluster, host, taken, answer })}\n`);
    else if (taken) terminal.print(`${terminal.colours.green('✔')} ${answer}\n`);
    else terminal.remark(`${terminal.colours.red('✖')} ${answer}`);
    return taken ? EXIT.done : EXIT.badInput;
  }

  async function lease(cluster: string, json?: boolean): Promise<number> {
    const now = await withTemporal((temporal) => leaseOf(temporal, cluster));
    const { holders = [], waiting = [], kept = [] } = now?.status.line ?? {};
    if (json)
      terminal.print(
        `${JSON.stringify({ cluster, holders, waiting, kept, leftToDo: now?.status.leftToDo ?? [] })}\n`,
      );
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
