/** The hosts of a lab, as tests look at them: by the lab's own hand, not over SSH, and not as Pawl does. */
import { exec } from '../../lab/hosts';
import type { Lab } from '../../lab/hosts';
import { leaderOf } from '../../lab/hosts/boot';
import { askHaproxy, serverStates } from '../../lab/hosts/haproxy';

export const ADMIN_SOCKET = '/run/haproxy/admin.sock';

export class Hosts {
  constructor(readonly lab: Lab) {}

  get name(): string {
    return this.lab.name;
  }

  address(host: string): string {
    return this.lab.hosts.find(({ name }) => name === host)!.address;
  }

  /** Runs a program on a host as root, not over SSH; throws when it fails. */
  async inside(host: string, ...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await exec(this.name, host, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} on ${host} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** The lines that a service on a host wrote when it started: `time version pid bootId`. */
  async starts(
    host: string,
    service = 'web',
  ): Promise<{ at: string; version: string; pid: string; boot: string }[]> {
    const { stdout } = await exec(this.name, host, ['cat', `/var/log/${service}/starts.log`]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [at = '', version = '', pid = '', boot = ''] = line.split(' ');
        return { at, version, pid, boot };
      });
  }

  /**
   * What HAProxy itself says of each server, without its count of checks: one of `UP 1/2` has missed a check, as
   * any server of a reloaded HAProxy or a busy machine does, and gets its requests as before.
   */
  async servers(backend = 'web', socket = ADMIN_SOCKET): Promise<Record<string, string>> {
    const states = await serverStates(await this.socketPath(socket), backend);
    return Object.fromEntries(
      Object.entries(states).map(([name, says]) => [name, says.replace(/ \d+\/\d+$/, '')]),
    );
  }

  /** One command to HAProxy, by the lab's own hand. */
  async haproxy(command: string, socket = ADMIN_SOCKET): Promise<string> {
    return askHaproxy(await this.socketPath(socket), command);
  }

  /** Requests that HAProxy has on one server of `web` now. */
  async sessions(server: string, socket = ADMIN_SOCKET): Promise<number> {
    const rows = (await this.haproxy('show stat -1 4 -1', socket)).split('\n').map((row) => row.split(','));
    const column = rows[0]!.indexOf('scur');
    return Number(rows.find(([backend, name]) => backend === 'web' && name === server)?.[column]);
  }

  /** From outside of the balancer's host. */
  private async socketPath(socket: string): Promise<string> {
    return `/proc/${await leaderOf(this.name, 'lb1')}/root${socket}`;
  }
}
