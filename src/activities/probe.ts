/** What a service and its unit say, asked on the host itself. */
import { within } from '../adapters/deadline';
import { PawlError } from '../contracts/failures';
import type { PlannedService } from '../contracts/plan';
import type { RemoteHost } from '../contracts/world';
import { httpGet } from '../adapters/ssh/http-get';

/** @returns what is wrong, or undefined */
export async function unhealthy(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { fault } = await askHealth(remote, service, signal);
  if (fault !== undefined || !service.version) return fault;
  const timeoutMs = service.health.timeoutSeconds * 1_000;
  const served = await get(remote, service.port, service.version.path, timeoutMs, signal);
  const words = served.body.split(/[\s"',{}[\]]+/);
  return words.includes(version)
    ? undefined
    : `${service.version.path} answers ${served.status} ${served.body.trim().slice(0, 80)} instead of ${version}`;
}

/** @returns what is wrong, and the milliseconds until the answer; `Infinity`: there was none */
export async function askHealth(
  remote: RemoteHost,
  { port, health }: Pick<PlannedService, 'port' | 'health'>,
  signal: AbortSignal,
): Promise<{ fault: string | undefined; ms: number }> {
  const { path, command = [], timeoutSeconds } = health;
  if (path === undefined) {
    const begun = performance.now();
    const fault = await commandFault(remote, command, timeoutSeconds, signal);
    const ms = fault?.late ? Infinity : performance.now() - begun;
    return { fault: fault && `${command.join(' ')} ${fault.says}`, ms };
  }
  const { status, body, ms } = await get(remote, port, path, timeoutSeconds * 1_000, signal);
  const says = `${path} answers ${status || 'nothing:'} ${body.trim().slice(0, 80)}`.trim();
  return { fault: status === 200 ? undefined : says, ms };
}

/** @returns how a command did not pass, or undefined */
export async function commandFault(
  remote: RemoteHost,
  command: string[],
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<{ says: string; late: boolean } | undefined> {
  const options = { signal, timeoutMs: timeoutSeconds * 1_000, maxOutputBytes: 4_096 };
  try {
    const { code, stdout, stderr } = await remote.run('run-command', command, options);
    if (code === 0) return undefined;
    return { says: `ended with ${code}: ${(stderr || stdout).trim().slice(-200)}`, late: false };
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'TimedOut') throw error;
    await answers(remote, signal);
    return { says: `gave no answer in ${timeoutSeconds} s`, late: true };
  }
}

/** Late answers have two causes: throws when it is the host that gives none. */
export async function answers(remote: RemoteHost, signal: AbortSignal): Promise<void> {
  await remote.run('run-command', ['true'], { signal });
}

export async function unitState(
  remote: RemoteHost,
  unit: string,
  signal: AbortSignal,
): Promise<{ active: string; restarts: number }> {
  const ran = await remote.run('unit-state', [unit], { signal });
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(ran.stdout)?.[1];
  return { active: value('ActiveState') ?? 'unknown', restarts: Number(value('NRestarts') ?? 0) };
}

/**
 * A request that starts on the host itself. `status` 0 means that there was no answer; the body says why.
 * `ms` is the time from the request to the end of its answer.
 */
export async function get(
  remote: RemoteHost,
  port: number,
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ status: number; body: string; ms: number }> {
  return within(timeoutMs, signal, async (deadline) => {
    try {
      const stream = await remote.openTcp('127.0.0.1', port, deadline.signal);
      try {
        const begun = performance.now();
        const { status, body } = await httpGet(stream, path, deadline.signal);
        return { status, body, ms: performance.now() - begun };
      } finally {
        // channels are few, and http does not close a stream that it did not open
        stream.destroy();
      }
    } catch (error) {
      if (signal.aborted || (error instanceof PawlError && error.type === 'HostUnreachable')) throw error;
      if (deadline.passed) await answers(remote, signal);
      return { status: 0, body: error instanceof Error ? error.message : String(error), ms: Infinity };
    }
  });
}
