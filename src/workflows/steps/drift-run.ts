/** A look for drift as people see it: its state, and what it tells. */
import type { DriftLook, DriftMemory, Finding, Keys } from '../../contracts/config-drift';
import type { Report, Status } from '../../contracts/status';
import { driftHosts, driftSummary, driftTodos, findingText } from '../../domain/config/drift-status';
import { isEmpty } from '../../domain/config/drift-memory';
import { TaskRun } from './task-run';

/** Sentences in one message. */
const MOST_NEWS = 10;

export const beginDrift = () =>
  new TaskRun('configDrift', 'How hosts are beside what they shall be', 'looking at hosts');

/**
 * One message for all that is new.
 *
 * @returns false where nobody took it
 */
export async function tellDrift(
  run: TaskRun,
  look: DriftLook,
  news: Keys,
  correction: string | undefined,
): Promise<boolean> {
  if (isEmpty(news)) return true;
  const isNew = ({ host, key }: Finding) => news[host]?.includes(key) ?? false;
  // keys of thousands stand for whole hosts
  const told = look.findings.filter(isNew);
  const shown = (told.length ? told : look.findings.filter(({ host }) => news[host])).slice(0, MOST_NEWS);
  const count = Object.values(news).reduce((sum, keys) => sum + keys.length, 0);
  const facts = {
    news: shown.map(findingText),
    more: Math.max(0, count - shown.length),
    hosts: Object.keys(look.keys).length,
    wanted: look.wanted,
    correction: correction ?? '',
  };
  const { cluster, service, wanted: version } = look;
  return run.tell(look.notifications, look.file, { kind: 'drift', facts }, { cluster, service, version });
}

export function closeDrift(run: TaskRun, look: DriftLook, memory: DriftMemory, correction?: string): Report {
  const { cluster, service, wanted, revision, findings, moreFindings, diffs, moreDiffs, notes } = look;
  const { status } = run;
  Object.assign(status, {
    ...{ cluster, service, about: `configuration as ${wanted} has it` },
    hosts: driftHosts(look),
    leftToDo: driftTodos(look, correction),
    drift: {
      ...{ wanted, revision, findings, moreFindings, diffs, moreDiffs, memory },
      ...(correction !== undefined && { correction }),
    },
    progress: 1,
  } satisfies Partial<Status>);
  status.notes.unshift(...notes);
  return run.end('succeeded', driftSummary(look));
}
