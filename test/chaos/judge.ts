/** What must be true when a run is over, by traces that Pawl does not write, and by its own report. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult } from '../../lab/load';
import type { Ended, Ground } from '../lab/ground';
import type { Wanted, WantedHost } from './stories';
import { nginxServers, rotation, toldKinds, tracesOf, type Expect, type Marks } from './traces';

export interface Seen {
  end: Ended;
  requests: LoadResult;
  /** the most hosts out of rotation in one sample of 100 ms */
  mostOut: string[];
  samples: number;
}

/** Empty files: open doors. */
const DOORS = [
  ['lb1', '/var/lib/pawl/maintenance/web.pages'],
  ['lb2', '/etc/nginx/pawl/web.door'],
  ['lb2', '/etc/nginx/pawl/web.maps'],
] as const;
const FLAG = '/run/web/maintenance';
/** Fewer samples than these would prove nothing; the shortest runs last a second, and a busy machine looks less often. */
const LEAST_SAMPLES = 5;

/**
 * @param more what else the story looks at
 * @returns what is not as it must be, in words
 */
export async function judge(
  ground: Ground,
  want: Wanted,
  marks: Marks,
  seen: Seen,
  more?: (expect: Expect) => Promise<void>,
): Promise<string[]> {
  const { end, requests, mostOut, samples } = seen;
  const faults: string[] = [];
  const expect: Expect = (what, found, wish) => {
    const [is, must] = [JSON.stringify(found), JSON.stringify(wish)];
    if (is !== must) faults.push(`${what}: ${is} instead of ${must}`);
  };
  expect('end', end.end, want.end);
  if (end.end !== want.end) faults.push(end.message);
  const hosts = Object.entries<WantedHost>(want.hosts);
  const left = hosts.flatMap(([host, { left }]) => (left ? [host] : []));
  expect('hosts left to do', [...new Set(end.report.leftToDo.map(({ host }) => host))], left);
  const servers = await rotation(ground);
  for (const [host, wish] of hosts) {
    expect(`HAProxy's word of ${host}`, servers[host], wish.left || wish.out ? 'MAINT 100' : 'UP 100');
    await judgeTraces(ground, host, wish, marks, expect);
    if (!wish.unplanned) judgeReport(end, host, wish, expect);
  }
  expect("nginx's servers", await nginxServers(ground), ['n1 weight=100', 'n2 weight=100']);
  const alerts = (await toldKinds(ground)).filter((kind) => kind === 'alert');
  expect('alerts', alerts.length, want.alerts ?? 0);
  for (const [host, door] of DOORS) expect(door, await ground.inside(host, 'cat', door), '');
  for (const [host] of hosts)
    expect(
      `flag file of ${host}`,
      await ground.inside(host, 'sh', '-c', `ls ${FLAG} 2>/dev/null || true`),
      '',
    );
  expect('failed requests', requests.failures.slice(0, 3), []);
  if (mostOut.length > 1) faults.push(`out at once: ${mostOut.join(', ')}`);
  for (const [host, wish] of hosts) if (wish.left || wish.out) await judgeKeeping(ground, host, expect);
  await more?.(expect);
  if (samples < LEAST_SAMPLES) faults.push(`only ${samples} samples of the balancer`);
  return faults;
}

/** Milliseconds. */
const KEPT_WITHIN = 10_000;

/** Whoever is out stays out: a HAProxy that has just been started knows it, and a hand that puts it in is undone. */
async function judgeKeeping(ground: Ground, host: string, expect: Expect): Promise<void> {
  await ground.inside('lb1', 'systemctl', 'restart', 'haproxy');
  const word = async () => (await rotation(ground).catch(() => null))?.[host];
  expect(`HAProxy's first word of ${host}`, await until(word, (one) => one !== undefined), 'MAINT 100');
  await ground.haproxy(`set server web/${host} state ready`);
  expect(`${host} after a hand has put it in`, await until(word, (one) => one === 'MAINT 100'), 'MAINT 100');
  const all = () => rotation(ground);
  const others = await until(all, (one) => Object.values(one).every((other) => /^(UP|MAINT) /.test(other)));
  expect('out at the end', Object.values(others).filter((other) => other !== 'UP 100').length, 1);
}

/** @returns the last thing seen, as wanted or when the time was over */
async function until<T>(look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
  for (const end = Date.now() + KEPT_WITHIN; ; await delay(50)) {
    const seen = await look();
    if (wanted(seen) || Date.now() > end) return seen;
  }
}

async function judgeTraces(ground: Ground, host: string, wish: WantedHost, marks: Marks, expect: Expect) {
  const { starts, steps, jobs, units } = await tracesOf(ground, host);
  const { jobs: count = wish.starts.length + (wish.steps ?? []).length } = wish;
  const once = Array.from({ length: count }, () => ({ end: 'success exited 0', begun: 1 }));
  expect(`starts of ${host}`, starts.slice(marks[host]), wish.starts);
  expect(`steps done once on ${host}`, steps, wish.steps ?? []);
  if (!wish.moreJobs) expect(`jobs of ${host}`, jobs, once);
  expect(`units of jobs on ${host}`, units, []);
}

function judgeReport({ report }: Ended, host: string, wish: WantedHost, expect: Expect): void {
  const shown = report.hosts.find(({ name }) => name === host);
  expect(`reported version of ${host}`, shown?.version, wish.version);
  const edge = shown?.balancers['edge'];
  expect(
    `reported place of ${host}`,
    [edge?.state, edge?.weight],
    [wish.left || wish.out ? 'out' : 'in', 100],
  );
}
