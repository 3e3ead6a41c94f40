import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadCluster } from '../../adapters/cluster-file';
import type { NotifyTestReport } from '../../contracts/notifications';
import type { Row } from '../../render/rows';
import type { Cli } from '../cli';
import { draw } from '../draw';
import { EXIT } from '../exit-codes';
import { userName } from '../message-options';
import { resultOf } from '../result-of';
import { runId } from '../run-id';
import { startRun } from '../start-run';
import { withTemporal, type Temporal } from '../temporal';

/** Each channel has 10 s, and a worker may be killed once meanwhile. */
const WITHIN_MS = 60_000;

interface Options {
  channel?: string;
  json?: boolean;
}

export function addNotify(program: Command, { terminal, action }: Cli): void {
  program
    .command('notify')
    .helpGroup('Server:')
    .description('try how people are told')
    .helpCommand(false)
    .command('test')
    .description('have a worker send a test message, and show what each channel answers')
    .argument('<cluster>', 'a cluster file, as the worker sees it')
    .option('--channel <name>', 'only this one')
    .option('--json', 'machine readable')
    .action(action((cluster: string, options: Options) => test(cluster, options)));

  async function test(cluster: string, { channel, json }: Options): Promise<number> {
    // where the file is at hand, its mistakes need no worker
    if (existsSync(cluster)) await loadCluster(cluster);
    const report = await withTemporal((temporal) => sendTest(temporal, cluster, channel));
    const ok = report.answers.every(({ delivered }) => delivered);
    terminal.print(
      json ? `${JSON.stringify({ ok, ...report })}\n` : `${draw(answerRows(report), terminal).join('\n')}\n`,
    );
    return ok ? EXIT.done : EXIT.error;
  }
}

async function sendTest(
  temporal: Temporal,
  cluster: string,
  channel: string | undefined,
): Promise<NotifyTestReport> {
  const input = { cluster, ...(channel !== undefined && { channel }), by: userName() };
  const { id } = await startRun(temporal, {
    type: 'notifyTest',
    input,
    id: runId({ prefix: 'notify-test', named: [] }, input, new Date()),
    fixedId: false,
    summary: 'send a test message to the channels of a cluster file',
    timeoutMs: WITHIN_MS,
  });
  return resultOf(temporal, id, WITHIN_MS, {
    failed: `${id} could not send a message`,
    late: 'no worker has sent a message',
  });
}

function answerRows({ answers }: NotifyTestReport): Row[] {
  return answers.map(({ channel, kind, delivered, says }) => {
    const cells = [channel, kind, says];
    return { depth: 1, tone: 'plain', mark: delivered ? '✔' : '✖', text: cells.join('  '), cells };
  });
}
