/** The story of a health watch, for `record.ts`: n2 falls ill, leaves, gets well, comes back; people pause and stop it. */
import type { WorkflowHandle } from '@temporalio/client';
import { leaseId } from '../../src/contracts/lease';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Status } from '../../src/contracts/status';
import { ended, reached, type Ground } from '../lab/ground';
import { scrubbed } from './scrub';

const says = (words: string) => (status: Status) => status.notes.some((note) => note.includes(words));

/** @returns file name to history: of the watch, of the run that took the host out, and of the lease that lived on in between */
export async function recordHealthWatch(ground: Ground): Promise<Record<string, string>> {
  const { workflow } = ground.client;
  const input = { cluster: ground.cluster, service: 'web', intervalSeconds: 1, failures: 1, passes: 1, minServing: 1 };
  const watch = await workflow.start('healthWatch', {
    taskQueue: TASK_QUEUE,
    workflowId: 'health-web',
    args: [input],
  });
  await reached(watch, ({ phase }) => phase === 'running');
  await becomes(ground, 'n2', { unhealthy: true });
  await reached(watch, says('n2 was taken out'));
  const lease = await current(ground, leaseId(ground.name));
  const { line } = await reached(lease, (status) => (status.line?.kept?.length ?? 0) > 0);
  await becomes(ground, 'n2', {});
  await reached(watch, says('n2 is well and back'));
  await lease.result();
  await watch.executeUpdate('pause', { args: [{ by: 'anna' }] });
  await reached(watch, ({ phase }) => phase === 'paused');
  await watch.signal('resume', { by: 'anna' });
  await reached(watch, ({ phase }) => phase === 'running');
  await watch.executeUpdate('abort', { args: [{ by: 'anna', undo: false }] });
  await ended(watch);
  const histories = {
    'healthWatch-ejected': watch,
    'nodeReplacement-ejected': workflow.getHandle(line!.kept![0]!.by),
    'lease-kept': lease,
  };
  const recorded = Object.entries(histories).map(async ([name, run]) => [name, scrubbed(await run.fetchHistory())]);
  return Object.fromEntries(await Promise.all(recorded)) as Record<string, string>;
}

/** The run that has this id now, whatever has it later. */
export async function current({ client: { workflow } }: Ground, id: string): Promise<WorkflowHandle> {
  const { runId } = await workflow.getHandle(id).describe();
  return workflow.getHandle(id, runId);
}

function becomes(ground: Ground, host: string, behaviour: object): Promise<string> {
  const text = JSON.stringify(behaviour);
  return ground.inside(
    host,
    'sh',
    '-c',
    `echo '${text}' >/opt/web/current/behaviour.json && systemctl restart web`,
  );
}
