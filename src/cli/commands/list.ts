import type { Command } from 'commander';
import { ago } from '../../domain/amounts';
import { toneOf } from '../../render/rows';
import type { Phase } from '../../contracts/status';
import type { Cli } from '../cli';
import { columns } from '../columns';
import { paintOfMark } from '../draw';
import { EXIT } from '../exit-codes';
import { attributes, phaseOf, progressOf, type RunInfo } from '../status-without-report';
import { withTemporal, type Temporal } from '../temporal';
import { OURS } from '../unknown-run';

const USUAL = 50;
const MOST = 10_000;
const LIST_WITHIN_MS = 30_000;

/** One run in the list. */
interface Listed {
  id: string;
  workflow: string;
  phase: Phase;
  cluster: string | null;
  service: string | null;
  startedAt: string;
  endedAt: string | null;
  /** 0 to 1 */
  progress: number;
}

export function addList(program: Command, { terminal, action }: Cli): void {
  program
    .command('list')
    .helpGroup('Changes:')
    .description(`show the newest ${USUAL} runs`)
    .option('-a, --all', `all that Temporal keeps, at most ${MOST}`)
    .option('--json', 'machine readable: one array')
    .action(action((options: { all?: boolean; json?: boolean }) => list(options)));

  async function list({ all, json }: { all?: boolean; json?: boolean }): Promise<number> {
    const runs = await withTemporal((temporal) => newest(temporal, all ? MOST : USUAL));
    if (json) terminal.print(`${JSON.stringify(runs)}\n`);
    else if (runs.length === 0) terminal.remark('no runs yet; `pawl start --help` shows how to start one');
    else terminal.print(`${table(runs)}\n`);
    return EXIT.done;
  }

  function table(runs: readonly Listed[]): string {
    const { bold, dim } = terminal.colours;
    const rows = runs.map(({ id, phase, service, startedAt, progress }) => [
      id,
      sign(phase),
      service ?? dim('-'),
      dim(ago(startedAt, Date.now())),
      `${Math.round(progress * 100)}%`,
    ]);
    return columns([['ID', 'PHASE', 'SERVICE', 'STARTED', 'PROGRESS'].map(bold), ...rows]).join('\n');
  }

  function sign(phase: Phase): string {
    const { mark } = toneOf(phase);
    return `${paintOfMark(mark, terminal.colours)(mark)} ${phase}`;
  }
}

/** Temporal names running ones first, so that none of those is lost at the limit. */
async function newest({ client, within }: Temporal, limit: number): Promise<Listed[]> {
  // a run that went on under a new number is shown once, as what it is now
  const query = `${OURS} AND ExecutionStatus != 'ContinuedAsNew'`;
  const runs: Listed[] = [];
  await within(LIST_WITHIN_MS, async () => {
    for await (const info of client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
      runs.push(listed(info));
      if (runs.length >= limit) return;
    }
  });
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

function listed(info: RunInfo): Listed {
  return {
    id: info.workflowId,
    workflow: info.type,
    phase: phaseOf(info),
    cluster: attributes(info, 'PawlCluster')[0] ?? null,
    service: attributes(info, 'PawlService')[0] ?? null,
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
    progress: progressOf(info),
  };
}
