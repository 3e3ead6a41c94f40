import { within } from '../../adapters/deadline';
import type { Balancer, Cluster } from '../../contracts/cluster';
import type { DoctorInput, Examination, Finding } from '../../contracts/examination';
import { CLOCK_LIMIT, farText, judgeClocks, offText } from '../../domain/clocks';
import { outText } from '../../domain/about';
import { LEAST_NODE, olderThan } from '../../domain/versions';
import { marksOf } from '../out-of-service';
import type { World } from '../world';
import { examineBalancer } from './balancer';
import { commandsOn, type OnHost } from './commands';
import { examineHost, type HostTask } from './host';

/** Milliseconds for one host or balancer; all are looked at side by side, eight logins at a time. */
const EACH_WITHIN = 20_000;
/** Milliseconds for all of them. */
const ALL_WITHIN = 60_000;

/** Looks at all hosts and balancers of a cluster, changes nothing, and takes a minute at most. */
export async function examine(
  { cluster: file }: DoctorInput,
  world: World,
  signal: AbortSignal,
): Promise<Examination> {
  const { cluster } = world;
  const on = commandsOn(cluster, file);
  const names = Object.keys(cluster.hosts);
  const { hosts, atBalancers, out } = await within(ALL_WITHIN, signal, async (all) => {
    const each = <T>(work: (end: AbortSignal) => Promise<T>) =>
      within(EACH_WITHIN, all.signal, (deadline) => work(deadline.signal));
    const hosts = await Promise.all(
      names.map((name) => each((end) => examineHost(taskOf(world, name, file, on), end))),
    );
    signal.throwIfAborted();
    const balancers = Object.keys(cluster.balancers);
    const [atBalancers, out] = await Promise.all([
      Promise.all(balancers.map((name) => each((end) => examineBalancer(world, name, file, on, end)))),
      outOnPurpose(world, signal),
    ]);
    return { hosts, atBalancers, out };
  });
  signal.throwIfAborted();
  const offsets = Object.fromEntries(
    hosts.flatMap(({ offset }, index) => (offset === null ? [] : [[names[index]!, offset]])),
  ) as Record<string, number>;
  return {
    at: new Date().toISOString(),
    looked: [...lookedAt(names, cluster.balancers, offsets), ...out],
    findings: [
      ...oldNode(),
      ...inOrder(names, [...hosts.flatMap(({ findings }) => findings), ...clockFindings(offsets, on)]),
      ...atBalancers.flat(),
    ],
  };
}

export function taskOf(world: World, name: string, clusterFile: string, on: OnHost): HostTask {
  const { cluster } = world;
  const roles = cluster.hosts[name]!.roles;
  return {
    remote: world.hosts.on(name),
    services: Object.values(cluster.services).filter(({ role }) => roles.includes(role)),
    balancers: Object.values(cluster.balancers).flatMap(({ host, kind }) => (host === name ? [kind] : [])),
    backups: backupsOn(cluster, name),
    sudo: cluster.ssh.sudo,
    clusterFile,
    on,
  };
}

/** What backups need of a host: of each kind that is taken there, and of the store. */
function backupsOn({ backups, hosts }: Cluster, name: string): HostTask['backups'] {
  if (!backups) return [];
  const sources = Object.values(backups.sources).filter(
    ({ role, host }) => host === name || (role !== undefined && hosts[name]!.roles.includes(role)),
  );
  const kinds = sources.flatMap((source): HostTask['backups'] =>
    source.kind === 'mariadb' && source.method === 'physical' ? ['mariadb', 'files'] : [source.kind],
  );
  return [...kinds, ...(backups.store.host === name ? (['store'] as const) : [])];
}

/** What is looked at of a balancer, by its kind. */
const AT_BALANCER: Record<Balancer['kind'], string> = {
  haproxy: 'socket, level admin, master socket, state file, servers',
  nginx: 'configuration, files of servers, what it serves, servers',
};

function lookedAt(
  hosts: string[],
  balancers: Record<string, Balancer>,
  offsets: Record<string, number>,
): string[] {
  const farthest = Object.values(offsets).reduce((one, other) => Math.max(one, Math.abs(other)), 0);
  const clocks = Object.keys(offsets).length;
  const spread = farthest > CLOCK_LIMIT ? `up to ${farText(farthest)} off` : `within ${farthest} ms of`;
  return [
    `${hosts.length} hosts: key, login, root, programs, /var/lib/pawl, space`,
    ...(clocks ? [`${clocks} clocks: ${spread} the worker's`] : []),
    ...Object.entries(AT_BALANCER).flatMap(([kind, what]) => {
      const names = Object.keys(balancers).filter((name) => balancers[name]!.kind === kind);
      return names.length > 0 ? [`balancers ${names.join(', ')}: ${what}`] : [];
    }),
  ];
}

/** Hosts that are out of service on purpose: nothing to mend, and nothing to forget. */
async function outOnPurpose(world: World, signal: AbortSignal): Promise<string[]> {
  const services = Object.keys(world.cluster.services);
  const marks = await Promise.all(services.map((service) => marksOf(world, service, signal)));
  return marks.flatMap((hosts, index) =>
    Object.entries(hosts).map(([host, mark]) => `${services[index]}: ${outText(host, mark)}`),
  );
}

/** Those of one host together; what is no host's comes first. */
function inOrder(hosts: string[], findings: Finding[]): Finding[] {
  return findings.sort((one, other) => hosts.indexOf(one.where) - hosts.indexOf(other.where));
}

function clockFindings(offsets: Record<string, number>, on: OnHost): Finding[] {
  const { ours, theirs } = judgeClocks(offsets, CLOCK_LIMIT);
  const command = 'timedatectl set-ntp true';
  const off = (where: string, ms: number, mend: string): Finding => ({
    code: 'clockOff',
    where,
    what: `its clock is ${offText(ms)}`,
    command: mend,
  });
  return [
    ...(ours === null ? [] : [off('worker', ours, `sudo ${command}`)]),
    ...Object.entries(theirs).map(([host, ms]) => off(host, ms, on.asRoot(host, command))),
  ];
}

function oldNode(): Finding[] {
  const { node } = process.versions;
  if (!olderThan(node, LEAST_NODE)) return [];
  const what = `runs on Node ${node}; ${LEAST_NODE.join('.')} or newer is needed`;
  return [{ code: 'tooOld', where: 'worker', what, command: 'nvm install --lts' }];
}
