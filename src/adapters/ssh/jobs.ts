/** Jobs: one execution for each key, on the host, whatever becomes of us. See `src/host/job-run.sh`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PawlError } from '../../contracts/failures';
import type { JobResult, Jobs, JobSpec, Ran, RemoteHost } from '../../contracts/world';
import { jobScript } from './job-key';
import { parseReply, type Reply } from './job-reply';
import { loadProgram } from './programs';

/** Seconds that one question waits on the host. Then an abort is obeyed, and progress told. */
const WAIT = 5;
/** Milliseconds for one question: its wait, 5 s for the lane's lock, and the way. */
const ANSWER = 20_000;
/** Milliseconds without an answer after which the caller is told; the job itself goes on. */
const OUT_OF_TOUCH = 10_000;
/** Milliseconds between attempts to reach the host again. */
const AGAIN = 500;

/** `src/host/job-run.sh`: systemd did not take the job. */
const NOT_TAKEN = 93;

export function sshJobs(): Jobs {
  return { run: runJob };
}

async function runJob(
  host: RemoteHost,
  job: JobSpec,
  signal: AbortSignal,
  onProgress: (line: string) => void = () => {},
): Promise<JobResult> {
  let seen = false;
  let outOfTouch: number | undefined;
  let progress: string | undefined;
  for (;;) {
    let reply: Reply;
    try {
      reply = await ask(host, job, seen, signal);
    } catch (error) {
      outOfTouch ??= performance.now();
      if (!isLostTouch(error) || performance.now() - outOfTouch > OUT_OF_TOUCH) throw error;
      await sleep(AGAIN);
      signal.throwIfAborted();
      continue;
    }
    seen = true;
    outOfTouch = undefined;
    if (reply.progress !== undefined && reply.progress !== progress) onProgress((progress = reply.progress));
    if (reply.state !== 'running') return conclude(host, job, reply);
  }
}

async function ask(host: RemoteHost, job: JobSpec, seen: boolean, signal: AbortSignal): Promise<Reply> {
  const { key, lane, fence, maxSeconds, ifCut } = job;
  if (!/^[0-9a-f]{64}$/.test(key)) throw new PawlError('BadInput', `"${key}" is not the key of a job`);
  const numbers = [fence.epoch, fence.attempt, maxSeconds].map(String);
  const texts = [
    jobScript(job.script, job.args),
    loadProgram('job-unit').text,
    loadProgram('job-finish').text,
  ];
  const args = [key, lane, ...numbers, ifCut, String(WAIT), seen ? 'attach' : 'start', ...texts];
  const ran = await host.run('job-run', args, { signal, timeoutMs: ANSWER });
  if (ran.code === 0) return parseReply(ran.stdout);
  throw refused(host, job, ran);
}

function refused(host: RemoteHost, job: JobSpec, ran: Ran): PawlError {
  const said = ran.stderr.trim().slice(-300);
  // while a host goes down its systemd takes no jobs; later it does
  if (ran.code === NOT_TAKEN) return new PawlError('HostUnreachable', `${host.name}: ${job.script}: ${said}`);
  const type = /No space left/.test(said) ? 'DiskFull' : 'CommandFailed';
  return new PawlError(type, `${host.name}: ${job.script} was not started, exit code ${ran.code}: ${said}`);
}

function isLostTouch(error: unknown): boolean {
  return error instanceof PawlError && ['HostUnreachable', 'OutcomeUnknown', 'TimedOut'].includes(error.type);
}

function conclude(host: RemoteHost, job: JobSpec, reply: Reply): JobResult {
  const what = `${host.name}: ${job.script}`;
  const details = { output: reply.output.slice(-2_000) };
  if (reply.state !== 'ended') {
    throw new PawlError('JobDied', `${what} ${whyDied(reply)}; it may be half done`, details);
  }
  // systemd gives a time limit's own words, whatever the script made of its TERM
  if (reply.result === 'timeout') {
    throw new PawlError('JobFailed', `${what} was stopped after its limit of ${job.maxSeconds} s`, details);
  }
  const reattached = reply.starter !== `${job.fence.epoch} ${job.fence.attempt}`;
  return { code: Number(reply.status), output: reply.output, reattached };
}

function whyDied(reply: Reply): string {
  if (reply.state === 'gone') return 'was started, but its folder on the host is gone';
  if (reply.result === 'rebooted') return 'was cut off: the host was rebooted';
  if (reply.result === 'died') return 'was cut off: its unit is gone without a word';
  return `was cut off: ${reply.result}, ${reply.how} by ${reply.status}`;
}
