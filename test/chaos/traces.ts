/** What a run has left on hosts and balancer, read without Pawl. */
import { readFile } from 'node:fs/promises';
import { leaderOf } from '../../lab/hosts/boot';
import { askHaproxy } from '../../lab/hosts/haproxy';
import { exec } from '../../lab/hosts';
import type { Ground } from '../lab/ground';

/** A host's traces since the mark that was made before the run. */
export interface Traces {
  /** versions in the order in which the service itself noted its starts */
  starts: string[];
  /** of each job folder: how it ended, and how often it was begun */
  jobs: { end: string; runs: number }[];
  /** units of jobs that systemd still knows */
  units: string[];
}

/** Removes what earlier runs have left on a host: old releases fill the disk, old jobs would be counted. */
export async function sweep(ground: Ground, host: string): Promise<void> {
  await shell(
    ground,
    host,
    `cd /opt/web/releases && running=$(basename "$(readlink -f /opt/web/current)")
     for release in *; do [ "$release" = "$running" ] || rm -rf "$release" ".pawl/$release.sha256"; done
     rm -rf /var/lib/pawl/jobs /var/lib/pawl/artifacts
     : >/var/log/web/starts.log`,
  );
}

export async function tracesOf(ground: Ground, host: string): Promise<Traces> {
  const [log, jobs, units] = await Promise.all([
    shell(ground, host, 'cat /var/log/web/starts.log'),
    shell(
      ground,
      host,
      `cd /var/lib/pawl/jobs 2>/dev/null || exit 0
       for job in *; do
         [ -d "$job" ] || continue
         runs=$(ls "$job" | grep -c '^started') || true
         echo "$runs $(head -c 200 "$job/exit" 2>/dev/null || echo none)"
       done`,
    ),
    shell(ground, host, "systemctl list-units --all --plain --no-legend 'pawl-job-*' | cut -d' ' -f1"),
  ]);
  return {
    starts: lines(log).map((line) => line.split(' ')[1] ?? ''),
    jobs: lines(jobs).map((line) => {
      const [runs, result, how, status] = line.split(' ');
      return { end: [result, how, status].join(' '), runs: Number(runs) };
    }),
    units: lines(units),
  };
}

/** HAProxy's own words and weight for each server, e.g. `UP 100`. */
export async function rotation(ground: Ground): Promise<Record<string, string>> {
  const socket = `/proc/${await leaderOf(ground.name, 'lb1')}/root/run/haproxy/admin.sock`;
  const [header = '', ...rows] = (await askHaproxy(socket, 'show stat')).split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const value = (row: string[], column: string) => row[columns.indexOf(column)] ?? '';
  return Object.fromEntries(
    rows
      .map((row) => row.split(','))
      .filter((row) => value(row, 'pxname') === 'web' && !['BACKEND', 'FRONTEND'].includes(value(row, 'svname')))
      .map((row) => [value(row, 'svname'), `${value(row, 'status')} ${value(row, 'weight')}`]),
  );
}

/** What the programs that are under test consist of: a figure of an older build proves nothing. */
export async function shell(ground: Ground, host: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await exec(ground.name, host, ['sh', '-c', script]);
  if (code !== 0) throw new Error(`${host}: ended with ${code}: ${stderr.trim()}`);
  return stdout;
}

const lines = (text: string) => text.split('\n').filter(Boolean);
void readFile;
