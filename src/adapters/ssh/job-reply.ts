import { PawlError } from '../../contracts/failures';

/** What `src/host/job-run.sh` prints. */
export interface Reply {
  state: 'running' | 'ended' | 'cut' | 'gone';
  /** `EPOCH ATTEMPT` of the fence under which it was started last */
  starter?: string;
  /** systemd's `$SERVICE_RESULT`, or `rebooted` or `died` where there is none */
  result?: string;
  /** systemd's `$EXIT_CODE`: `exited`, `killed`, `dumped` */
  how?: string;
  /** systemd's `$EXIT_STATUS`: a number, or a signal's name */
  status?: string;
  /** the last line of the job's progress file */
  progress?: string;
  output: string;
}

const STATES = ['running', 'ended', 'cut', 'gone'] as const;

export function parseReply(text: string): Reply {
  const split = text.indexOf('\n\n');
  const head = new Map<string, string>();
  for (const line of text.slice(0, Math.max(0, split)).split('\n')) {
    const [, key, value] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (key !== undefined) head.set(key, value ?? '');
  }
  const state = STATES.find((known) => known === head.get('state'));
  if (!state)
    throw new PawlError(
      'OutcomeUnknown',
      `the host's answer about a job makes no sense: ${text.slice(0, 80)}`,
    );
  const [result, how, status] = head.get('end')?.split(' ') ?? [];
  const output = text.slice(split + 2);
  return { state, starter: head.get('starter'), result, how, status, progress: head.get('progress'), output };
}
