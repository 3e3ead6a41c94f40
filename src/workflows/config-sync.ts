import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  defineQuery,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ServiceSync, Synced, SyncReport } from '../contracts/config-sync';
import type { Status } from '../contracts/status';
import { newStatus } from '../domain/new-status';
import { statusMarkdown } from '../render/markdown';
import { findReleases } from './steps/activities';
import { plainly } from './steps/plainly';

/**
 * Looks once for releases that are new to hosts, and begins a change for each. Meant for a schedule. The changes go on by
 * themselves, and each release is tried once.
 */
export async function configSync(input: unknown): Promise<SyncReport> {
  const { workflowId: id, startTime, lastResult } = workflowInfo();
  const status = newStatus({ workflow: 'configSync', id, startedAt: startTime.toISOString() });
  setHandler(defineQuery<Status>('status'), () => status);
  const synced: Record<string, Synced> = { ...(lastResult as Partial<SyncReport> | undefined)?.synced };
  const found = await findReleases
    .executeWithOptions({ summary: 'fetch releases, ask hosts what they have' }, [{ input, before: synced }])
    .catch((error: unknown) => {
      throw plainly(error);
    });
  const services: SyncReport['services'] = [];
  for (const sync of found.services) {
    const { service, start } = sync;
    const says = start && !found.dryRun ? await begin(service, start) : sync.says;
    if (start && !found.dryRun) synced[service] = { tag: start.tag, commit: start.commit, run: start.run };
    services.push({ service, says });
  }
  const lines = services.map(({ service, says }) => `${service}: ${says}`);
  Object.assign(status, {
    ...{ cluster: found.cluster, phase: found.dryRun ? 'planned' : 'succeeded', progress: 1 },
    ...{ summary: lines.join('; '), notes: lines, endedAt: new Date().toISOString() },
  });
  setCurrentDetails(statusMarkdown(status));
  return { ...status, services, synced };
}

/** @returns what became of it, in words */
async function begin(
  service: string,
  { tag, run, input }: NonNullable<ServiceSync['start']>,
): Promise<string> {
  try {
    await startChild('configCanary', {
      workflowId: run,
      args: [input],
      // it outlives this run, and is never begun again
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout: '5s',
      staticSummary: `${service}: ${tag}, which is new`,
    });
    return `${tag} is brought by ${run}`;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return `${tag} was started before, by ${run}`;
  }
}
