import { Context } from '@temporalio/activity';
import { WorkflowFailedError, isGrpcDeadlineError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, TerminatedFailure, WorkflowNotFoundError } from '@temporalio/common';
import { leaseId, TO_LEASE } from '../contracts/lease';
import type { LeaseAsk, LeaseStart, Leftover, RunEnd } from '../contracts/lease';
import type { Intent, Plan } from '../contracts/plan';
import type { Phase, Report } from '../contracts/status';
import type { LeaseState } from '../domain/lease';
import { serviceClaim } from '../domain/turn';
import { askRun } from './ask-run';

/** Milliseconds; a lost answer is asked for again. */
const ASK_WITHIN = 10_000;

/** Milliseconds for an answer that an emergency does not wait for. */
const QUICK = 5_000;

/** Milliseconds between two looks whether this worker is about to end. */
const LOOK = 500;

/**
 * How changes and leases reach each other, and learn how the other ended.
 *
 * @param leaving true when this worker is about to end: what looks on without end goes to the next one
 */
export function leaseActivities(leaving: () => boolean = () => false) {
  return {
    /** Asks for what a change works on. Starts the lease where there is none; asking twice does no harm. */
    async askForLease(input: { cluster: string; file: string; ask: LeaseAsk }): Promise<void> {
      const { client, info } = Context.current();
      const { cluster, file, ask } = input;
      await client.withDeadline(Date.now() + ASK_WITHIN, async () => {
        const before = await leaseBefore(client, cluster);
        const start: LeaseStart = { cluster, file, before, keeps: true };
        await client.workflow.signalWithStart('lease', {
          workflowId: leaseId(cluster),
          taskQueue: info.taskQueue,
          args: [start],
          signal: TO_LEASE.ask,
          signalArgs: [ask],
          // a worker that dies inside a workflow task holds the lease up for so long
          workflowTaskTimeout: '5s',
          staticSummary: `who works on ${cluster}, and who waits`,
          searchAttributes: { PawlCluster: [cluster] },
        });
      });
    },

    /**
     * Waits until a run is over, its later lives after a reset or continue-as-new included.
     *
     * @param input.firstRunId of its first life; without it, whatever run has the id now
     */
    async watchRun(input: { id: string; firstRunId?: string }): Promise<RunEnd> {
      const { client, cancelled } = Context.current();
      const handedOver = handOver(leaving);
      try {
        for (;;) {
          const now = await described(client, input.id);
          if (!now) return { how: 'cut', why: 'Temporal does not know it any more', leftToDo: [] };
          const another = input.firstRunId !== undefined && firstRunOf(now) !== input.firstRunId;
          const runId = another ? input.firstRunId! : now.runId;
          const end = await Promise.race([endOf(client, input.id, runId), cancelled, handedOver.late]);
          // closed by a reset: it lives on
          if (end && (another || (await isOver(client, input.id, runId)))) return end;
        }
      } finally {
        handedOver.stop();
      }
    },

    /** What runs say that they are doing. */
    async phasesOf(input: { ids: string[] }): Promise<Record<string, Phase>> {
      const { client } = Context.current();
      const phases = await Promise.all(
        input.ids.map(async (id) => {
          const run = await described(client, id);
          const phase = run?.searchAttributes['PawlPhase']?.[0];
          return phase === undefined ? [] : [[id, phase as Phase] as const];
        }),
      );
      return Object.fromEntries(phases.flat());
    },
  };
}

/**
 * The plan of the upgrade or configuration that has a service just now, by its own word. One that gives no answer soon is not waited for:
 * this is asked in an emergency.
 */
export async function changeAtWork(
  client: Client,
  cluster: string,
  service: string,
): Promise<Intent | undefined> {
  const lease = (await askRun(client, { id: leaseId(cluster) }, 'state', QUICK)) as LeaseState | undefined;
  const holder = lease?.held.find(({ claims }) => claims.some(({ name }) => name === serviceClaim(service)));
  const state = holder && (await askRun(client, holder, 'state', QUICK));
  const intent = (state as { plan?: Plan } | undefined)?.plan?.intent;
  if (!intent || !['rollingUpgrade', 'configCanary'].includes(intent.workflow)) return undefined;
  // files of another set are no part of what the service runs
  return intent.config === undefined || intent.config.set === service ? intent : undefined;
}

/** Rejects when this worker is about to end; Temporal gives the work to another one at once. */
function handOver(leaving: () => boolean) {
  let look: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = 'its worker is about to end; the next one looks on';
    const leave = () => reject(ApplicationFailure.create({ message, nextRetryDelay: '100ms' }));
    look = setInterval(() => leaving() && leave(), LOOK);
  });
  // nobody may be waiting for it at that moment
  late.catch(() => undefined);
  return { late, stop: () => clearInterval(look) };
}

/** A lease ends by itself when nobody needs it, and says how it stood. Any other end may have left holders behind. */
async function leaseBefore(client: Client, cluster: string): Promise<LeaseStart['before']> {
  const last = await described(client, leaseId(cluster));
  if (!last || last.status.name === 'RUNNING') return { ended: false };
  if (last.status.name !== 'COMPLETED') return { ended: false, runId: last.runId };
  const handle = client.workflow.getHandle(leaseId(cluster), last.runId);
  const { epoch, leftovers } = (await handle.result()) as { epoch: number; leftovers: Leftover[] };
  return { ended: true, epoch, leftovers };
}

export async function described(
  client: Client,
  id: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(id, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Older servers do not tell: then it is the run itself. */
export function firstRunOf({ raw, runId }: WorkflowExecutionDescription): string {
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

async function isOver(client: Client, id: string, runId: string): Promise<boolean> {
  const now = await described(client, id);
  return !now || (now.status.name !== 'RUNNING' && now.runId === runId);
}

/** Asks for a minute at most, then again: whoever is cancelled leaves no endless question behind. */
async function endOf(client: Client, id: string, runId: string): Promise<RunEnd | undefined> {
  const handle = client.workflow.getHandle(id, runId);
  try {
    const report: unknown = await client.withDeadline(Date.now() + 60_000, () => handle.result());
    return { how: 'ended', why: 'completed', runId, leftToDo: todosIn(report) };
  } catch (error) {
    if (isGrpcDeadlineError(error)) return undefined;
    if (error instanceof WorkflowNotFoundError)
      return { how: 'cut', why: 'its history is gone', runId, leftToDo: [] };
    if (!(error instanceof WorkflowFailedError)) throw error;
    return failed(error, runId);
  }
}

function failed({ cause }: WorkflowFailedError, runId: string): RunEnd {
  const why = cause instanceof TerminatedFailure ? 'terminated' : (cause?.message.split('\n')[0] ?? 'failed');
  const report: unknown = cause instanceof ApplicationFailure ? cause.details?.at(-1) : undefined;
  return { how: isReport(report) ? 'ended' : 'cut', why, runId, leftToDo: todosIn(report) };
}

function todosIn(report: unknown): string[] {
  return isReport(report) ? report.leftToDo.map(({ what }) => what) : [];
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'leftToDo' in value && 'phase' in value;
}
