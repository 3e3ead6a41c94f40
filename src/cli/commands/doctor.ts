import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadCluster } from '../../adapters/cluster-file';
import type { Examination, Finding } from '../../contracts/examination';
import { PawlError } from '../../contracts/failures';
import { LEAST_NODE, olderThan } from '../../domain/versions';
import { examinationRows } from '../../render/examination';
import type { Row } from '../../render/rows';
import { connectionConfig } from '../../temporal/connection';
import type { Cli } from '../cli';
import { draw } from '../draw';
import { examineHosts } from '../examine-hosts';
import { EXIT } from '../exit-codes';
import { examineServer } from '../server-findings';
import { withTemporal } from '../temporal';

export function addDoctor(program: Command, { terminal, action }: Cli): void {
  program
    .command('doctor')
    .helpGroup('Server:')
    .description('look for what keeps changes from being done, with a command that mends each finding')
    .argument('[cluster]', 'a cluster file, as the worker sees it: its hosts and balancers are looked at too')
    .option('--json', 'machine readable')
    .action(action((cluster: string | undefined, options: { json?: boolean }) => doctor(cluster, options)));

  async function doctor(cluster: string | undefined, { json }: { json?: boolean }): Promise<number> {
    // where the file is at hand, its mistakes need no worker
    if (cluster !== undefined && existsSync(cluster)) await loadCluster(cluster);
    const found = await examineAll(cluster);
    terminal.print(
      json
        ? `${JSON.stringify({ ok: found.findings.length === 0, ...found })}\n`
        : `${draw(examinationRows(found).flatMap(withCommandBelow), terminal).join('\n')}\n`,
    );
    return found.findings.length ? EXIT.error : EXIT.done;
  }
}

/** Commands stand below each other, easy to find and to copy. */
function withCommandBelow(row: Row): Row[] {
  const { code, ...words } = row;
  return code ? [words, { depth: 2, tone: 'plain', mark: '', text: '', code }] : [row];
}

async function examineAll(cluster: string | undefined): Promise<Examination> {
  const here: Examination = {
    at: new Date().toISOString(),
    looked: [`pawl on Node ${process.versions.node}`],
    findings: oldNode(),
  };
  const { address } = connectionConfig().connectionOptions;
  try {
    return await withTemporal(async (temporal) => {
      const { workers, ...server } = await examineServer(temporal);
      const sofar = joined(here, server);
      if (cluster === undefined) return sofar;
      if (!workers?.identities.length || server.findings.some(({ code }) => NOTHING_BEGINS.includes(code)))
        return joined(sofar, {
          looked: ['hosts and balancers: not looked at, a worker has to'],
          findings: [],
        });
      return joined(sofar, await examineHosts(temporal, cluster));
    });
  } catch (error) {
    if (!(error instanceof PawlError) || error.type === 'BadInput') throw error;
    return joined(here, { looked: [], findings: [notReached(error, address)] });
  }
}

const NOTHING_BEGINS = ['searchAttributes', 'noCurrentVersion', 'currentVersionGone'];

function joined(before: Examination, more: Pick<Examination, 'looked' | 'findings'>): Examination {
  return {
    at: before.at,
    looked: [...before.looked, ...more.looked],
    findings: [...before.findings, ...more.findings],
  };
}

function notReached({ type, message }: PawlError, address: string): Finding {
  const [what = message] = message.split(';');
  const local = /^(localhost|127\.0\.0\.1):/.test(address);
  const command = local ? 'npm run up' : `temporal operator cluster health --address ${address}`;
  return { code: type, where: 'Temporal', what, command };
}

function oldNode(): Finding[] {
  const { node } = process.versions;
  if (!olderThan(node, LEAST_NODE)) return [];
  const what = `runs Node ${node}; ${LEAST_NODE.join('.')} or newer is needed`;
  return [{ code: 'tooOld', where: 'this machine', what, command: 'nvm install --lts' }];
}
