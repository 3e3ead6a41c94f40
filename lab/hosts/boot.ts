import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { asset } from '../paths';
import { hostCgroups, processes, supervisorCgroups } from './cgroups';
import { LabError } from '../error';
import { bridgeName, hostDir, type LabHost, type LabState } from './topology';
import { until } from './wait';

/** A host boots in 1 to 2 s alone; many at once on a busy machine take longer. */
export const BOOT_SECONDS = 60;

/** Starts a host that is off, without waiting for it to be up; false when it was running already. */
export async function boot(state: LabState, host: string): Promise<boolean> {
  if ((await processes(state.name, host)).length > 0) return false;
  const supervisors = await supervisorCgroups(state.name);
  for (const group of supervisors) await mkdir(group, { recursive: true });
  const machine = `${bridgeName(state.net)}-${host}`;
  const groups = (await hostCgroups(state.name, host)).join(':');
  const dir = hostDir(state.name, host);
  const console = await open(join(dir, 'console.log'), 'a');
  try {
    const args = [
      asset('lab/hosts/supervise.sh'),
      dir,
      machine,
      bridgeName(state.net),
      supervisors.join(':'),
      groups,
    ];
    const child = spawn('sh', args, { detached: true, stdio: ['ignore', console.fd, console.fd], cwd: '/' });
    await once(child, 'spawn');
    child.unref();
    return true;
  } finally {
    await console.close();
  }
}

/** Waits until sshd answers on the host's address. */
export async function waitForSsh({ name, address }: LabHost, dir: string): Promise<void> {
  await until(
    `${name} (${address}) answers on port 22; its console is in ${dir}/console.log`,
    BOOT_SECONDS,
    () => sshBanner(address),
  );
}

/** The pid, on the machine, of the host's own process 1; undefined while it is off. */
export async function leader(lab: string, host: string): Promise<number | undefined> {
  for (const pid of await processes(lab, host)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^NSpid:\t\d+\t1$/m.test(status)) return pid;
  }
  return undefined;
}

/** Like `leader`, for work that needs a running host. */
export async function leaderOf(lab: string, host: string): Promise<number> {
  const pid = await leader(lab, host);
  if (pid === undefined) throw new LabError(`host ${host} of lab ${lab} is off`);
  return pid;
}

function sshBanner(address: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 500 });
    const end = (answer?: true) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (data) => end(data.toString().startsWith('SSH-2.0') || undefined));
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => end());
  });
}
