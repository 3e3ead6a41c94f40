import type { Client } from '@temporalio/client';
import type { BackupEntry } from '../../src/contracts/backups';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Stand } from '../stand';
import { timeline } from '../where/timeline';
import { on } from './ground';

const STORE = '/srv/pawl-backups';
const JOBS = '/var/lib/pawl/jobs';

export interface Timed {
  /** until the store had all of it, by the host's clock */
  dump: number;
  /** until tables were counted, or summed up, too */
  job: number;
  /** the whole backup, by the clock of Temporal's server */
  whole: number;
  readBack: number;
  bytes: number;
}

/** A backup into a repository that nobody has used yet. @returns seconds */
export async function runPawl(stand: Stand, client: Client, source: string): Promise<Timed> {
  await removePawl(stand, source);
  await on(stand, 'db1', 'rm -rf /var/cache/pawl/restic');
  const handle = await client.workflow.start('backup', {
    taskQueue: TASK_QUEUE,
    workflowId: `bench-${source}-${Date.now()}`,
    args: [{ cluster: stand.cluster, source, attempts: 1 }],
  });
  await handle.result();
  const { total, parts } = timeline(await handle.fetchHistory());
  const entry = JSON.parse(await on(stand, 'bk1', `cat ${STORE}/${source}/catalogue/*.json`)) as BackupEntry;
  // its last progress is told when the dump is over
  const times = await on(
    stand,
    'db1',
    `cd "$(dirname "$(grep -lx 'backup/${entry.id}' ${JOBS}/*/lane)")" && stat -c %.9Y started progress exit`,
  );
  const [started, dumped, ended] = times.split('\n').map(Number);
  return {
    dump: dumped! - started!,
    job: ended! - started!,
    whole: total / 1_000,
    readBack: (parts['activity readBack'] ?? 0) / 1_000,
    bytes: entry.bytes,
  };
}

export const removePawl = (stand: Stand, source: string) => on(stand, 'bk1', `rm -rf ${STORE}/${source}`);
