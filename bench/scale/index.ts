/** npm run bench -- scale: an upgrade of many hosts. Is its time linear, its memory flat, its history bounded? */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import Table from 'cli-table3';
import { stateDir } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import { discardTemporal, startTemporal } from '../../lab/temporal/server';
import { say } from '../../lab/temporal/words';
import { startWorker, stopWorker } from '../../lab/worker';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { loadNow } from '../machine';
import { watchMemory, type MemorySeen } from '../memory';
import { upgradeInput } from '../tools/pawl';
import { timeline } from '../where/timeline';
import { chainOf, type Chain } from './chain';
import { simulate } from './simulation';

const NAME = 'bench-scale';
const DATABASE = join(stateDir, 'temporal', `${NAME}.db`);
/** So many hosts are under way at a time, however many there are. */
const WIDTH = 10;

interface Measured {
  hosts: number;
  seconds: number;
  planSeconds: number;
  chain: Chain;
  memory: MemorySeen;
  load: number;
  wrong: string[];
}

export async function scale({ hosts }: { hosts: number[] }): Promise<boolean> {
  const measured: Measured[] = [];
  for (const count of hosts) measured.push(await measure(count));
  tell(measured);
  return measured.every(({ wrong }) => wrong.length === 0);
}

async function measure(count: number): Promise<Measured> {
  await stopScale();
  const simulation = await simulate(count);
  try {
    const temporal = await startTemporal({ name: NAME, dbFile: DATABASE, ui: false });
    const worker = await startWorker(NAME, temporal.address);
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection });
    const version = '2.0.0';
    const release = { version, ...(await makeRelease({ version })) };
    const load = loadNow();
    const memory = watchMemory(worker.pid);
    const started = performance.now();
    const handle = await client.workflow.start('rollingUpgrade', {
      taskQueue: TASK_QUEUE,
      workflowId: `scale-${count}-${randomUUID()}`,
      args: [{ ...upgradeInput(simulation, release), maxUnavailable: WIDTH }],
    });
    const wrong: string[] = await handle.result().then(
      () => [],
      (error: Error) => [String((error.cause as Error | undefined)?.message ?? error.message).slice(0, 500)],
    );
    const seconds = (performance.now() - started) / 1_000;
    const seen = await memory.stop();
    const chain = await chainOf(client, handle.workflowId, handle.firstExecutionRunId);
    const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
    const { parts } = timeline(await first.fetchHistory());
    await connection.close();
    const told = await simulation.hosts();
    const done = told.filter((host) => host.version === version && host.starts.join() === version).length;
    if (done !== count) wrong.push(`${done} of ${count} hosts started ${version} once`);
    const up = await simulation.up();
    if (up !== count) wrong.push(`${up} of ${count} hosts are exactly up`);
    say(`${count} hosts: ${seconds.toFixed(1)} s${wrong.length ? `, WRONG: ${wrong.join('; ')}` : ''}`);
    const planSeconds = (parts['activity planRollingUpgrade'] ?? 0) / 1_000;
    return { hosts: count, seconds, planSeconds, chain, memory: seen, load, wrong };
  } finally {
    await stopScale();
    await simulation.stop();
  }
}

export async function stopScale(): Promise<void> {
  await stopWorker(NAME);
  await discardTemporal(NAME);
  for (const suffix of ['', '-wal', '-shm']) await rm(`${DATABASE}${suffix}`, { force: true });
}

function tell(measured: Measured[]): void {
  const table = new Table({
    head: ['', ...measured.map(({ hosts }) => `${hosts} hosts`)],
    style: { head: [], border: [] },
  });
  const row = (name: string, of: (one: Measured) => string) => table.push([name, ...measured.map(of)]);
  row('whole run', ({ seconds }) => `${seconds.toFixed(1)} s`);
  row('a host', ({ seconds, hosts }) => `${((1_000 * seconds) / hosts).toFixed(0)} ms`);
  row('plan', ({ planSeconds }) => `${planSeconds.toFixed(1)} s`);
  row('worker, MiB: at first, most, in the end', ({ memory: { first, most, last } }) =>
    [first, most, last].map(Math.round).join(', '),
  );
  row('worker, MiB, at each tenth', ({ memory }) => memory.course.join(' '));
  row('events, in the longest history', ({ chain }) => `${chain.events}, ${chain.mostEvents}`);
  row('KiB, in the largest history', ({ chain }) =>
    [chain.bytes, chain.mostBytes].map((bytes) => Math.round(bytes / 1_024)).join(', '),
  );
  row('continued as new', ({ chain }) => `${chain.runs - 1} times`);
  row('load average before', ({ load }) => String(load));
  row('wrong', ({ wrong }) => wrong.join('; ') || 'nothing');
  console.log(`${table.toString()}
${WIDTH} hosts under way at a time. Real: worker, Temporal, SSH connections (ssh2 on both sides), HAProxy with all servers and
its checks, what is written to it. Simulated: the hosts; one process answers for all of them, a switch takes 120 ms there.`);
}
