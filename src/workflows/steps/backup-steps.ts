/** What runs around backups have in common. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { Progress } from '../../contracts/backup-run';
import type { PlannedNotifications } from '../../contracts/notifications';
import type { TaskRun } from './task-run';

/** Milliseconds until people see again how far it is: at first, and at most. */
const FIRST_LOOK = 5_000;
const LONGEST_LOOK = 60_000;
/** Sentences in one message. */
const MOST_NEWS = 10;

/**
 * Asks again and again, for as long as a piece of work goes on on its host.
 *
 * @param show what it says of itself, now and then
 */
export async function toItsEnd(
  work: (forMs: number) => Promise<Progress>,
  show: (says: string) => void,
): Promise<void> {
  for (let forMs = FIRST_LOOK; ; forMs = Math.min(LONGEST_LOOK, 2 * forMs)) {
    const progress = await work(forMs);
    if (progress.ended) return;
    show(progress.says);
  }
}

/** Seconds before the next attempt: each time twice as many. */
export const pauseAfter = ({ pauseSeconds }: { pauseSeconds: number }, attempt: number) =>
  pauseSeconds * 2 ** (attempt - 1);

/** Ends a run that left something to do, after people were told. */
export async function inTrouble(
  run: TaskRun,
  about: Concerned,
  news: { host?: string; what: string }[],
  summary: string,
): Promise<ApplicationFailure> {
  run.status.leftToDo.push(...news);
  await tellTrouble(
    run,
    about,
    news.map(({ what }) => what),
  );
  const report = run.end('failed', summary);
  return ApplicationFailure.create({
    type: 'Failed',
    message: summary,
    details: [report],
    nonRetryable: true,
  });
}

export interface Concerned {
  notifications?: PlannedNotifications;
  /** path of the cluster file */
  file: string;
  cluster: string;
  source: string;
}

export async function tellTrouble(run: TaskRun, about: Concerned, news: string[]): Promise<boolean> {
  const { notifications, file, cluster, source } = about;
  const facts = { news: news.slice(0, MOST_NEWS), more: Math.max(0, news.length - MOST_NEWS) };
  const message = { kind: 'backupTrouble', facts } as const;
  return run.tell(notifications, file, message, { cluster, service: source, version: '' });
}
