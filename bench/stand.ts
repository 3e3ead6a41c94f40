/** What every tool works on: real hosts behind a real HAProxy, and for Pawl Temporal and a worker. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { down, exec, up, type Lab } from '../lab/hosts';
import { leaderOf } from '../lab/hosts/boot';
import { askHaproxy } from '../lab/hosts/haproxy';
import { isRouted } from '../lab/hosts/topology';
import { stateDir } from '../lab/paths';
import { makeRelease } from '../lab/service';
import type { Artifact, Behaviour } from '../lab/service/release';
import { discardTemporal, startTemporal, type TemporalServer } from '../lab/temporal/server';
import { startWorker, stopWorker } from '../lab/worker';
import { clusterFile } from './cluster';

/** Lab, Temporal and worker of this name are the benchmark's own. */
const NAME = 'bench';
const DATABASE = join(stateDir, 'temporal', `${NAME}.db`);
const ADMIN_SOCKET = '/run/haproxy/admin.sock';

/** One row of `show servers state` and `show stat`, as far as it is looked at. */
export interface ServerState {
  /** HAProxy's own words: `UP`, `DRAIN`, `MAINT`, `UP 1/2` */
  says: string;
  weight: number;
}

export interface Release extends Artifact {
  version: string;
}

export class Stand {
  private made = 0;

  private constructor(
    readonly lab: Lab,
    readonly temporal: TemporalServer,
    readonly cluster: string,
    /** the worker's process */
    readonly workerPid: number,
    private readonly socket: string,
  ) {}

  /** What an earlier benchmark left is removed first. */
  static async up(
    wanted: number | Omit<Parameters<typeof up>[0], 'name'> = 6,
    worker: Parameters<typeof startWorker>[2] = {},
  ): Promise<Stand> {
    await Stand.down();
    const hosts = typeof wanted === 'number' ? { hosts: wanted } : wanted;
    const [lab, temporal] = await Promise.all([
      up({ name: NAME, ...hosts }),
      startTemporal({ name: NAME, dbFile: DATABASE, ui: false }),
    ]);
    const cluster = join(stateDir, 'labs', NAME, 'cluster.yaml');
    const app = lab.hosts.filter(isRouted).map(({ name }) => [name, {}]);
    await writeFile(
      cluster,
      clusterFile({
        name: NAME,
        ssh: { config: lab.sshConfig },
        app: Object.fromEntries(app) as Record<string, object>,
        balancer: { host: 'lb1' },
      }),
    );
    const { pid } = await startWorker(NAME, temporal.address, worker);
    const socket = `/proc/${await leaderOf(NAME, 'lb1')}/root${ADMIN_SOCKET}`;
    return new Stand(lab, temporal, cluster, pid, socket);
  }

  static async down(): Promise<void> {
    await stopWorker(NAME);
    await Promise.all([down(NAME), discardTemporal(NAME)]);
    for (const suffix of ['', '-wal', '-shm']) await rm(`${DATABASE}${suffix}`, { force: true });
  }

  /** Names of the hosts that run the service. */
  get hosts(): string[] {
    return this.lab.hosts.filter(({ role }) => role === 'app').map(({ name }) => name);
  }

  get url(): string {
    return `http://${this.lab.hosts.find(({ role }) => role === 'balancer')!.address}/`;
  }

  /** A release that no host has: about 1 MB that does not compress. */
  newRelease(behaviour: Behaviour = {}): Promise<Release> {
    this.made += 1;
    const version = `2.${this.made}.0`;
    return makeRelease({ version, behaviour, ballastKiB: 1_024 }).then((artifact) => ({
      ...artifact,
      version,
    }));
  }

  /** Removes releases that no host runs any more, so that every tool finds equal hosts. */
  async tidy(): Promise<void> {
    const remove =
      'cd /opt/web/releases && for old in *; do [ "$old" = "$(cat ../current/version)" ] || rm -rf "$old" ".pawl/$old.sha256"; done';
    await Promise.all(this.hosts.map((host) => this.inside(host, 'sh', '-c', remove)));
  }

  /** Runs a program on a host by the lab's own hand, not over SSH. */
  async inside(host: string, ...argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await exec(NAME, host, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} on ${host} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** One command to HAProxy by the lab's own hand. */
  haproxy(command: string): Promise<string> {
    return askHaproxy(this.socket, command);
  }

  /** Asked from outside of the balancer's host. */
  async servers(): Promise<Record<string, ServerState>> {
    const rows = (await this.haproxy('show stat -1 4 -1')).split('\n').map((row) => row.split(','));
    const [name, status, weight] = ['svname', 'status', 'weight'].map((column) => rows[0]!.indexOf(column));
    const web = rows.filter(([backend]) => backend === 'web');
    return Object.fromEntries(
      web.map((row) => [row[name!]!, { says: row[status!]!, weight: Number(row[weight!]) }]),
    );
  }
}
