/** npm run bench -- where: what an upgrade's time goes into, from its history and from inside its activities. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import Table from 'cli-table3';
import { stateDir } from '../../lab/paths';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { loadNow } from '../machine';
import { proven } from '../proof';
import { Stand } from '../stand';
import { spread } from '../statistics';
import { upgradeInput } from '../tools/pawl';
import { SPANS_VARIABLE, type Span } from './spans';
import { timeline } from './timeline';

const SPANS = join(stateDir, 'bench', 'spans.jsonl');

export async function where({ rounds }: { rounds: number }): Promise<boolean> {
  await mkdir(join(stateDir, 'bench'), { recursive: true });
  const stand = await Stand.up(6, {
    program: 'dist/bench/where/worker.js',
    env: { [SPANS_VARIABLE]: SPANS },
  });
  const connection = await Connection.connect({ address: stand.temporal.address });
  try {
    const client = new Client({ connection });
    await upgrade(stand, client); // to warm up
    await rm(SPANS, { force: true });
    const runs = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await upgrade(stand, client));
    tellParts(runs, stand.hosts.length);
    tellSpans(await readSpans(), rounds * stand.hosts.length);
    const wrong = runs.flatMap((run) => run.wrong);
    for (const words of wrong) console.log(`WRONG ${words}`);
    return wrong.length === 0;
  } finally {
    await connection.close();
    await Stand.down();
  }
}

async function upgrade(stand: Stand, client: Client) {
  const release = await stand.newRelease();
  await stand.tidy();
  const { result, wrong } = await proven(stand, release, async () => {
    const handle = await client.workflow.start('rollingUpgrade', {
      taskQueue: TASK_QUEUE,
      workflowId: `where-${randomUUID()}`,
      args: [upgradeInput(stand, release)],
    });
    await handle.result();
    return handle;
  });
  return { ...timeline(await result.fetchHistory()), wrong };
}

function tellParts(
  runs: { total: number; parts: Record<string, number>; events: number }[],
  hosts: number,
): void {
  const table = newTable('what the run is at', 'ms, median', 'ms a host', 'share');
  const total = spread(runs.map((run) => run.total))!.median;
  const names = [...new Set(runs.flatMap(({ parts }) => Object.keys(parts)))];
  const rows = names.map(
    (name) => [name, spread(runs.map(({ parts }) => parts[name] ?? 0))!.median] as const,
  );
  for (const [name, ms] of rows.sort((a, b) => b[1] - a[1]))
    table.push([name, Math.round(ms), Math.round(ms / hosts), `${Math.round((100 * ms) / total)} %`]);
  table.push(['whole run', Math.round(total), Math.round(total / hosts), '']);
  console.log(`${table.toString()}\n${runs[0]!.events} events, load average ${loadNow()}\n`);
}

/** Means over all hosts: what is asked in parallel counts each time. */
function tellSpans(spans: Span[], hosts: number): void {
  const table = newTable('inside activities, over SSH', 'times a host', 'ms each, median', 'ms a host');
  const kinds = new Map<string, Span[]>();
  for (const span of spans) {
    const name = `${span.kind}: ${span.what}`;
    kinds.set(name, [...(kinds.get(name) ?? []), span]);
  }
  for (const [name, of] of [...kinds].sort()) {
    const sum = of.reduce((all, { ms }) => all + ms, 0);
    const each = spread(of.map(({ ms }) => ms))!.median;
    table.push([name, (of.length / hosts).toFixed(1), each.toFixed(1), Math.round(sum / hosts)]);
  }
  console.log(table.toString());
}

function newTable(...head: string[]) {
  return new Table({ head, colAligns: ['left', 'right', 'right', 'right'], style: { head: [], border: [] } });
}

async function readSpans(): Promise<Span[]> {
  const lines = (await readFile(SPANS, 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Span);
}
