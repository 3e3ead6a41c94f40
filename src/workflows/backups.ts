import { workflowInfo } from '@temporalio/workflow';
import type { BackupsLook, BackupsReport, SourceLook } from '../contracts/backup-run';
import { carriedOn, isEmpty, newKeys } from '../domain/config/drift-memory';
import { lookAtBackups } from './steps/activities';
import { tellTrouble } from './steps/backup-steps';
import { TaskRun } from './steps/task-run';

type Keys = Record<string, string[]>;

/**
 * Looks which backups there are, and tells which ones are not: once for each silence, run after run of the same schedule.
 * Changes nothing.
 */
export async function backups(input: unknown): Promise<BackupsReport> {
  const run = new TaskRun(
    'backups',
    'Which backups there are, and which are missing',
    'reading the catalogue',
  );
  const look = await lookAtBackups
    .executeWithOptions({ summary: 'read the catalogue' }, [input])
    .catch((error: unknown) => {
      throw run.failed(error);
    });
  const before = toldBefore(workflowInfo().lastResult);
  const told = await toldOf(run, look, before);
  const { status } = run;
  const [only] = look.sources;
  Object.assign(status, {
    ...{ cluster: look.cluster, about: 'which backups there are', progress: 1 },
    ...(look.sources.length === 1 && { service: only!.source }),
  });
  const findings = look.sources.flatMap(({ findings }) => findings.map(({ text }) => text));
  status.notes.push(...look.sources.map(heldText));
  status.leftToDo.push(...findings.map((what) => ({ what })));
  const summary = findings.length === 0 ? 'every source has its backups' : findings.join('; ');
  return { ...run.end('succeeded', summary), backups: { ...look, told } };
}

const heldText = ({ source, entries, more, unread }: SourceLook) =>
  unread === undefined ? `${source}: ${entries.length + more} backups` : `${source}: ${unread}`;

const toldBefore = (result: unknown): Keys =>
  (result as Partial<BackupsReport> | null | undefined)?.backups?.told ?? {};

/** @returns what people know by now; what nobody heard is told again */
async function toldOf(run: TaskRun, { sources, cluster, file }: BackupsLook, before: Keys): Promise<Keys> {
  const keys = Object.fromEntries(
    sources.map(({ source, findings }): [string, string[]] => [source, findings.map(({ key }) => key)]),
  );
  const unseen = sources.filter(({ unread }) => unread !== undefined).map(({ source }) => source);
  const told = carriedOn(keys, before, unseen);
  for (const look of sources) {
    const { source } = look;
    const fresh = newKeys({ [source]: keys[source] ?? [] }, before);
    if (isEmpty(fresh)) continue;
    const news = look.findings.filter(({ key }) => fresh[source]?.includes(key)).map(({ text }) => text);
    const { notifications } = look;
    const heard = await tellTrouble(
      run,
      { cluster, file, source, ...(notifications && { notifications }) },
      news,
    );
    if (!heard) told[source] = before[source] ?? [];
  }
  return told;
}
