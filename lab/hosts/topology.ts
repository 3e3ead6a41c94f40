import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { LabError } from '../error';
import { stateDir } from '../paths';

/**
 * `idle` hosts stand in the balancers' configuration, disabled, spares in none. `balancer` is HAProxy; `nginx` is a second
 * one beside it, `database` a MariaDB that no balancer knows, and `backup` keeps backups, where they are asked for.
 */
export type Role = 'app' | 'spare' | 'idle' | 'balancer' | 'nginx' | 'database' | 'backup';

/** How many hosts of each kind a lab has. */
export interface Wanted {
  /** in rotation; default 6 */
  hosts?: number;
  /** with the service running but in no balancer; default 0 */
  spare?: number;
  /** with the service running, out of rotation at every balancer; default 0 */
  idle?: number;
  /** an nginx beside HAProxy, on a host of its own; default false */
  nginx?: boolean;
  /** a MariaDB, on a host of its own; default false */
  database?: boolean;
  /** a host that keeps backups; default false */
  backup?: boolean;
}

export interface LabHost {
  name: string;
  role: Role;
  address: string;
}

/** A running lab: what tests, the demo and the cluster file need of it. Paths are absolute. */
export interface Lab {
  name: string;
  bridge: string;
  /** e.g. `10.88.3.0/24`; the machine itself is `.1` there */
  subnet: string;
  hosts: LabHost[];
  sshConfig: string;
  knownHosts: string;
  identityFile: string;
}

/** What state.json holds. */
export interface LabState {
  name: string;
  /** third number of the subnet, also in the names of bridge and machines */
  net: number;
  /** folder of the base image under the hosts' overlays */
  base: string;
  hosts: LabHost[];
  /** false while `up` is at work, and for ever when it was cut off */
  complete: boolean;
}

/** First two numbers of every lab's subnet. */
export const network = process.env['PAWL_LAB_NETWORK'] || '10.88';

const MOST_HOSTS = 80;

/** They run the example service, and balancers know them. */
export const isRouted = ({ role }: LabHost) => role === 'app' || role === 'idle';

/** `hosts` hosts n1, n2, …, `spare` spares s1, s2, …, `idle` ones i1, i2, …, the balancer lb1 and, where they are wanted, lb2, db1 and bk1. */
export function layOut(
  net: number,
  { hosts = 6, spare = 0, idle = 0, nginx = false, database = false, backup = false }: Wanted,
): LabHost[] {
  for (const [what, count, least] of [
    ['hosts', hosts, 1],
    ['spare', spare, 0],
    ['idle', idle, 0],
  ] as const) {
    if (!Number.isInteger(count) || count < least || count > MOST_HOSTS) {
      throw new LabError(`${what} is ${count}: a whole number from ${least} to ${MOST_HOSTS} is wanted`);
    }
  }
  const place = (role: Role, letter: string, count: number, from: number): LabHost[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `${letter}${i + 1}`,
      role,
      address: `${network}.${net}.${from + i}`,
    }));
  return [
    ...place('app', 'n', hosts, 11),
    ...place('spare', 's', spare, 11 + MOST_HOSTS),
    ...place('idle', 'i', idle, 11 + 2 * MOST_HOSTS),
    ...place('balancer', 'lb', 1, 10),
    ...(nginx ? [{ name: 'lb2', role: 'nginx' as const, address: `${network}.${net}.9` }] : []),
    ...(database ? place('database', 'db', 1, 8) : []),
    ...(backup ? place('backup', 'bk', 1, 7) : []),
  ];
}

/** The lab's own folder; everything that it keeps on disk is inside. */
export function labDir(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
    throw new LabError(`"${name}" is no lab name: small letters, digits and dashes, at most 32`);
  }
  return join(stateDir, 'labs', name);
}

/** Tells labs of the same name in two clones apart; marks cgroups, the bridge and firewall rules. */
export function labId(name: string): string {
  return createHash('sha256').update(labDir(name)).digest('hex').slice(0, 8);
}

export const bridgeName = (net: number) => `pawl${net}`;
export const gateway = (net: number) => `${network}.${net}.1`;
export const hostDir = (name: string, host: string) => join(labDir(name), 'hosts', host);
/** The host's root file system, seen from the machine. */
export const hostRoot = (name: string, host: string) => join(hostDir(name, host), 'root');

export function describe(state: LabState): Lab {
  const dir = labDir(state.name);
  return {
    name: state.name,
    bridge: bridgeName(state.net),
    subnet: `${network}.${state.net}.0/24`,
    hosts: state.hosts,
    sshConfig: join(dir, 'ssh_config'),
    knownHosts: join(dir, 'known_hosts'),
    identityFile: join(dir, 'id_ed25519'),
  };
}
