import type { Phase, Status } from '../contracts/status';

export const EXIT = {
  done: 0,
  error: 1,
  badInput: 2,
  rolledBack: 3,
  waits: 4,
  aborted: 5,
  interrupted: 130,
} as const;

export const EXIT_HELP = `Exit codes (of --watch; other commands know 0, 1 and 2):
  0  ended as asked          3  failed and rolled back
  1  failed, frozen, error   4  waits for a person (with --no-wait)
  2  bad input, refused      5  aborted by a person`;

/** How a run ended, for scripts. A run that has not ended is no error. */
export function exitCodeOf(phase: Phase): number {
  switch (phase) {
    case 'rolledBack':
      return EXIT.rolledBack;
    case 'aborted':
      return EXIT.aborted;
    case 'failed':
    case 'frozen':
      return EXIT.error;
    default:
      return EXIT.done;
  }
}

/**
 * A soak ends by itself and may only be shortened, a line moves by itself; everything else that is waited for is
 * somebody's answer.
 */
export function waitsForPerson({ phase, waitingFor }: Pick<Status, 'phase' | 'waitingFor'>): boolean {
  if (phase === 'queued') return false;
  return waitingFor !== null && waitingFor.answers.some(({ message }) => message !== 'promote');
}
