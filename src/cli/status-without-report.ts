import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Phase, Status } from '../contracts/status';
import { newStatus } from '../domain/new-status';

/** Of a list and of a description alike. */
export type RunInfo = Pick<
  WorkflowExecutionInfo,
  'type' | 'workflowId' | 'status' | 'startTime' | 'closeTime' | 'searchAttributes'
>;

/** What the server alone knows of a run, without a word from its worker. */
export function statusWithoutReport(info: RunInfo, why?: string): Status {
  const { type, workflowId, startTime, closeTime } = info;
  const phase = phaseOf(info);
  const hosts = attributes(info, 'PawlHosts');
  return {
    ...newStatus({ workflow: type, id: workflowId, startedAt: startTime.toISOString() }),
    phase,
    cluster: attributes(info, 'PawlCluster')[0] ?? null,
    service: attributes(info, 'PawlService')[0] ?? null,
    leftToDo: closeTime && hosts.length ? [cutOff(hosts)] : [],
    summary: closeTime ? `ended without a report: ${why ?? ended(info)}` : `${phase}, as far as is known`,
    progress: progressOf(info),
    endedAt: closeTime?.toISOString() ?? null,
  };
}

/**
 * The phase that the run told last. A run that was ended from outside could not tell it, so that the
 * server's word counts.
 */
export function phaseOf(info: RunInfo): Phase {
  switch (info.status.name) {
    case 'CANCELLED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      return 'failed';
    default:
      return (attributes(info, 'PawlPhase')[0] as Phase | undefined) ?? 'planning';
  }
}

/** 0 to 1 */
export function progressOf({ searchAttributes }: RunInfo): number {
  return Number(searchAttributes['PawlProgress']?.[0] ?? 0);
}

export function attributes({ searchAttributes }: RunInfo, name: string): string[] {
  return (searchAttributes[name] ?? []).map(String);
}

const ended = ({ status }: RunInfo) => status.name.toLowerCase().replaceAll('_', ' ');

function cutOff(hosts: string[]) {
  return {
    what: `it was ended from outside. A repair puts back what was under way (\`pawl list\` shows it); see whether these hosts are back in rotation and healthy: ${hosts.join(', ')}`,
  };
}
