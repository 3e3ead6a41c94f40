import type { BackupsReport } from '../contracts/backup-run';
import { resultOf } from './result-of';
import { runId } from './run-id';
import { startRun } from './start-run';
import { withTemporal } from './temporal';
import { WORKFLOW_TYPES } from './workflow-types';

const WITHIN_MS = 120_000;

export interface Asked {
  cluster: string;
  source?: string;
  at?: string;
}

/** Has a worker read the catalogue. */
export function lookAtBackups(asked: Asked): Promise<BackupsReport> {
  const input = { ...asked, dryRun: true };
  return withTemporal(async (temporal) => {
    const { id } = await startRun(temporal, {
      ...{ type: 'backups', input, fixedId: false, timeoutMs: WITHIN_MS },
      id: runId(WORKFLOW_TYPES['backups']!, input, new Date()),
      summary: 'look which backups there are',
    });
    return resultOf<BackupsReport>(temporal, id, WITHIN_MS, {
      failed: `${id} could not read the catalogue`,
      late: 'no worker has read the catalogue',
    });
  });
}
