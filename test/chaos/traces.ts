/** What a run has left on hosts and balancer, read without Pawl. */
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ground } from '../lab/ground';

export const HOSTS = ['n1', 'n2'];
/** The host that keeps backups. */
export const KEEPER = 'bk1';

/** Steps that are done once write down here, on the first host, that they were. */
export const JOURNAL = '/run/pawl-chaos-journal';
/** The folder in which people find their messages. */
export const toldIn = (ground: Ground) => join(dirname(ground.cluster), 'told');

export interface Traces {
  /** versions in the order in which the service itself noted its starts */
  starts: string[];
  /** what steps that are done once have written down */
  steps: string[];
  jobs: Job[];
  /** units of jobs that systemd still knows */
  units: string[];
}

/** Of a job's folder. */
interface Job {
  /** `success exited 0` */
  end: string;
  /** how often */
  begun: number;
}

/** What was found, beside what must be. */
export type Expect = (what: string, found: unknown, wish: unknown) => void;

/** How many starts each host had noted before. */
export type Marks = Record<string, number>;

export async function mark(ground: Ground): Promise<Marks> {
  const marks = HOSTS.map(async (host) => [host, (await ground.starts(host)).length] as const);
  return Object.fromEntries(await Promise.all(marks));
}

/** Removes what earlier runs have left on hosts: old releases fill the disk, old jobs would be counted. */
export async function sweep(ground: Ground): Promise<void> {
  const script = `rm -rf /var/lib/pawl/jobs /var/lib/pawl/artifacts ${JOURNAL}`;
  await Promise.all([
    ...[...HOSTS, KEEPER].map((host) => ground.inside(host, 'sh', '-c', script)),
    rm(toldFile(ground), { force: true }),
  ]);
}

/** Releases that earlier cases have left. */
export async function sweepReleases(ground: Ground): Promise<void> {
  const script = `cd /opt/web/releases
    running=$(basename "$(readlink -f /opt/web/current)")
    for release in *; do
      [ "$release" = "$running" ] || rm -rf "$release" ".pawl/$release.sha256"
    done`;
  await Promise.all(HOSTS.map((host) => ground.inside(host, 'sh', '-c', script)));
}

/** A line for each job: how often begun, and the words of its end. */
const JOBS = `cd /var/lib/pawl/jobs 2>/dev/null || exit 0
  for job in *; do
    [ -d "$job" ] || continue
    begun=$(find "$job" -name 'started*' | wc -l)
    echo "$begun $(head -c 200 "$job/exit" 2>/dev/null || echo no end)"
  done`;

export async function jobsOn(ground: Ground, host: string): Promise<Job[]> {
  const jobs = lines(await ground.inside(host, 'sh', '-c', JOBS));
  return jobs.map((line) => {
    const [begun, ...end] = line.split(' ');
    return { end: end.slice(0, 3).join(' '), begun: Number(begun) };
  });
}

export async function tracesOf(ground: Ground, host: string): Promise<Traces> {
  const [starts, steps, jobs, units] = await Promise.all([
    ground.starts(host),
    ground.inside(host, 'sh', '-c', `cat ${JOURNAL} 2>/dev/null || true`),
    jobsOn(ground, host),
    ground.inside(host, 'systemctl', 'list-units', '--all', '--plain', '--no-legend', 'pawl-job-*'),
  ]);
  return {
    starts: starts.map(({ version }) => version),
    steps: lines(steps),
    jobs,
    units: lines(units),
  };
}

/** HAProxy's own words and weight for each server, e.g. `UP 100`. */
export async function rotation(ground: Ground): Promise<Record<string, string>> {
  const [header = '', ...rows] = (await ground.haproxy('show stat')).split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const servers = rows
    .map((row) => row.split(','))
    .map((row) => (column: string) => row[columns.indexOf(column)] ?? '')
    .filter((value) => value('pxname') === 'web' && value('type') === '2');
  return Object.fromEntries(
    servers.map((value) => [value('svname'), `${value('status')} ${value('weight')}`]),
  );
}

/** Servers as nginx's file has them, e.g. `n1 weight=100`. */
export async function nginxServers(ground: Ground): Promise<string[]> {
  const file = await ground.inside('lb2', 'cat', '/etc/nginx/pawl/web.servers');
  return lines(file).map((line) => line.replace(/^ *server \S+ (.*); # (\S+)(.*)$/, '$2 $1$3'));
}

/** Kinds of the messages that people got. */
export async function toldKinds(ground: Ground): Promise<string[]> {
  const text = await readFile(toldFile(ground), 'utf8').catch(() => '');
  return lines(text).map((line) => (JSON.parse(line) as { kind: string }).kind);
}

const toldFile = (ground: Ground) => join(toldIn(ground), 'notifications.jsonl');

export const lines = (text: string) => text.split('\n').filter(Boolean);
