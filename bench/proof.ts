/** Proves that a tool did the work, by witnesses that it does not write: hosts, service, balancer, clients. */
import { run } from '../lab/hosts/command';
import { startLoad } from '../lab/load';
import { watchRotation, type RotationSeen } from './rotation';
import type { Release, Stand } from './stand';

/** Requests a second: enough to see a host that is stopped while it serves, little enough to be no rival for the cores. */
const RATE = 100;

export interface Proven<T> {
  result: T;
  requests: { sent: number; failed: number };
  rotation: RotationSeen;
  /** what is not as it should be, in words; empty: the work was done */
  wrong: string[];
}

/** Lets a tool work while clients send requests, and looks at everything afterwards. */
export async function proven<T>(stand: Stand, release: Release, work: () => Promise<T>): Promise<Proven<T>> {
  const before = await starts(stand);
  const load = await startLoad({ url: stand.url, rate: RATE });
  const rotation = watchRotation(stand);
  try {
    const result = await work();
    const seen = await rotation.stop();
    const { sent, failed } = await load.stop();
    const wrong = [
      ...(await wrongOnHosts(stand, release, before)),
      ...(await wrongInRotation(stand)),
      ...(failed ? [`${failed} of ${sent} requests failed`] : []),
      ...(seen.mostOut > 1 ? [`${seen.mostOut} hosts were out of rotation together`] : []),
      ...stand.hosts.filter((host) => !seen.outMs[host]).map((host) => `${host} was never seen out`),
    ];
    return { result, requests: { sent, failed }, rotation: seen, wrong };
  } finally {
    await Promise.all([rotation.stop(), load.stop()]);
  }
}

async function wrongOnHosts(stand: Stand, release: Release, before: Record<string, string[]>) {
  const wanted = await ballastOf(release);
  const after = await starts(stand);
  const each = stand.hosts.map(async (host) => {
    const [version, sum] = await Promise.all([
      stand.inside(host, 'cat', '/opt/web/current/version'),
      stand.inside(host, 'sha256sum', '/opt/web/current/ballast'),
    ]);
    const started = after[host]!.slice(before[host]!.length).join(', ') || 'nothing';
    return [
      ...(version === release.version ? [] : [`${host} has ${version} instead of ${release.version}`]),
      ...(started === release.version
        ? []
        : [`${host} started ${started} instead of ${release.version} once`]),
      ...(sum.startsWith(wanted) ? [] : [`${host} has other bytes than the release`]),
    ];
  });
  return (await Promise.all(each)).flat();
}

/** Exactly up, at full weight. HAProxy's slow check of another host may take it a moment after the tool's end. */
async function wrongInRotation(stand: Stand): Promise<string[]> {
  const servers = Object.entries(await stand.servers());
  return servers
    .filter(([, { says, weight }]) => says !== 'UP' || weight !== 100)
    .map(([host, { says, weight }]) => `${host} is ${says} with weight ${weight} in the balancer`);
}

/** The versions that a service wrote down when it started, by host. */
async function starts(stand: Stand): Promise<Record<string, string[]>> {
  const each = stand.hosts.map(async (host) => {
    const lines = (await stand.inside(host, 'cat', '/var/log/web/starts.log')).split('\n');
    return [host, lines.map((line) => line.split(' ')[1] ?? '')] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}

async function ballastOf({ file }: Release): Promise<string> {
  const sum = await run('sh', ['-c', 'tar -xzOf "$1" ballast | sha256sum', 'sh', file]);
  return sum.split(' ')[0]!;
}
