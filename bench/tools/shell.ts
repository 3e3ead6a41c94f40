import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../lab/hosts/command';
import { hostRoot } from '../../lab/hosts/topology';
import { asset } from '../../lab/paths';
import type { Stand } from '../stand';
import type { Tool } from './tool';

/** A UNIX socket's path is at most 107 characters long, and a clone may lie deep. */
const CONTROL = join('/tmp', `pawl-bench-${process.pid}`);

export const shell: Tool = {
  name: 'shell script',
  about: 'bench/shell/upgrade.sh over OpenSSH connections that are open already: the floor',
  isFloor: true,

  async prepare(stand: Stand) {
    await installAsk(stand);
    await mkdir(CONTROL, { recursive: true, mode: 0o700 });
    for (const { name } of stand.lab.hosts)
      await run('ssh', [...options(stand), '-o', 'ControlMaster=yes', '-f', '-N', name]);
    return undefined;
  },

  async upgrade(stand, { file, version }) {
    const args = [stand.lab.sshConfig, CONTROL, file, version, ...stand.hosts];
    const printed = await run('bash', [asset('bench/shell/upgrade.sh'), ...args], { timeoutMs: 120_000 });
    return Object.fromEntries(
      printed
        .trim()
        .split('\n')
        .map((line) => {
          const [phase = '', seconds] = line.split(' ');
          return [phase, Number(seconds)];
        }),
    );
  },

  async end(stand) {
    for (const { name } of stand.lab.hosts) await run('ssh', [...options(stand), '-O', 'exit', name]);
  },
};

const options = ({ lab }: Stand) => ['-F', lab.sshConfig, '-o', `ControlPath=${CONTROL}/%n`];

/** What stands in for socat on the balancer's host; Ansible uses it, too. */
export async function installAsk({ lab }: Stand): Promise<void> {
  const place = join(hostRoot(lab.name, 'lb1'), 'usr/local/bin/haproxy-ask');
  await copyFile(asset('bench/shell/haproxy-ask'), place);
  await chmod(place, 0o755);
}
