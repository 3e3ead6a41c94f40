/** What a run has left on hosts and balancer, read without Pawl. */
import { exec } from '../../lab/hosts';
import { leaderOf } from '../../lab/hosts/boot';
import { askHaproxy } from '../../lab/hosts/haproxy';
import type { Ground } from '../lab/ground';

export interface Traces {
  /** versions in the order in which the service itself noted its starts */
  starts: string[];
  /** of each job folder: `success exited 0` and how often it was begun */
  jobs: { end: string; begun: number }[];
  /** units of jobs that systemd still knows */
  units: string[];
}

/** Removes what earlier runs have left on a host: old releases fill the disk, old jobs would be counted. */
export async function sweep(ground: Ground, host: string): Promise<void> {
  await shell(
    ground,
    host,
    `rm -rf /var/lib/pawl/jobs /var/lib/pawl/artifacts
     cd /opt/web/releases
     running=$(basename "$(readlink -f /opt/web/current)")
     for release in *; do
       [ "$release" = "$running" ] || rm -rf "$release" ".pawl/$release.sha256"
     done`,
  );
}

export async function tracesOf(ground: Ground, host: string): Promise<Traces> {
  const [starts, jobs, units] = await Promise.all([
    ground.starts(host),
    shell(
      ground,
      host,
      `cd /var/lib/pawl/jobs 2>/dev/null || exit 0
       for job in *; do
         [ -d "$job" ] || continue
         begun=$(find "$job" -name 'started*' | wc -l)
         echo "$begun $(head -c 200 "$job/exit" 2>/dev/null || echo no end)"
       done`,
    ),
    shell(ground, host, "systemctl list-units --all --plain --no-legend 'pawl-job-*'"),
  ]);
  return {
    starts: starts.map(({ version }) => version),
    jobs: lines(jobs).map((line) => {
      const [begun, ...end] = line.split(' ');
      return { end: end.slice(0, 3).join(' '), begun: Number(begun) };
    }),
    units: lines(units),
  };
}

/** HAProxy's own words and weight for each server, e.g. `UP 100`. */
export async function rotation(ground: Ground): Promise<Record<string, string>> {
  const socket = `/proc/${await leaderOf(ground.name, 'lb1')}/root/run/haproxy/admin.sock`;
  const [header = '', ...rows] = (await askHaproxy(socket, 'show stat')).split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const servers = rows
    .map((row) => row.split(','))
    .map((row) => (column: string) => row[columns.indexOf(column)] ?? '')
    .filter((value) => value('pxname') === 'web' && value('type') === '2');
  return Object.fromEntries(
    servers.map((value) => [value('svname'), `${value('status')} ${value('weight')}`]),
  );
}

async function shell(ground: Ground, host: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await exec(ground.name, host, ['sh', '-c', script]);
  if (code !== 0) throw new Error(`${host}: a look at it ended with ${code}: ${stderr.trim()}`);
  return stdout;
}

const lines = (text: string) => text.split('\n').filter(Boolean);
