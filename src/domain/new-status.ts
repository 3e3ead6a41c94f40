import type { Status } from '../contracts/status';

/** The status of a run that has only begun. */
export function newStatus(who: { workflow: string; id: string; startedAt: string }): Status {
  return {
    ...who,
    phase: 'planning',
    planHash: null,
    cluster: null,
    service: null,
    version: null,
    batch: null,
    hosts: [],
    steps: [],
    waitingFor: null,
    leftToDo: [],
    summary: 'planning',
    progress: 0,
    notes: [],
    messages: [],
    endedAt: null,
  };
}
