/** What Docker says of the containers, and what the kernel says of their processes. */
import { readFile } from 'node:fs/promises';
import { compose, containerOf } from '../../lab/docker/compose';
import { run } from '../../lab/hosts/command';
import { until } from '../../lab/hosts/wait';

export interface Container {
  Id: string;
  RestartCount: number;
  State: { Status: string; Pid: number; ExitCode: number; Health?: { Status: string } };
  NetworkSettings: { Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

export async function container(service: string): Promise<Container> {
  const id = await containerOf(service);
  if (!id) throw new Error(`${service} has no container`);
  return (JSON.parse(await run('docker', ['inspect', id])) as Container[])[0]!;
}

export async function untilHealthy(service: string, seconds = 90): Promise<void> {
  await until(
    `${service} is healthy`,
    seconds,
    async () => (await container(service)).State.Health?.Status === 'healthy' || undefined,
    500,
  );
}

/** Every process of a container, as the machine sees it. */
export async function usersOf(service: string): Promise<{ program: string; uid: number }[]> {
  const { Id } = await container(service);
  const rows = (await run('docker', ['top', Id, '-eo', 'pid,comm'])).trim().split('\n').slice(1);
  return Promise.all(
    rows.map(async (row) => {
      const [pid, program = ''] = row.trim().split(/\s+/);
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return { program, uid: Number(/^Uid:\t\d+\t(\d+)/m.exec(status)?.[1]) };
    }),
  );
}

/** SIGKILL from the machine, as if the process had died by itself: Docker starts it again. */
export async function kill(service: string): Promise<void> {
  const { State } = await container(service);
  process.kill(State.Pid, 'SIGKILL');
}

/** A command in a container that runs. */
export function inside(service: string, ...command: string[]): Promise<string> {
  return compose(['exec', '-T', service, ...command]);
}
