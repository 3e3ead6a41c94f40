/** npm run bench -- worker: what a worker keeps in memory, and how long a host is out against its service's own restart. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../lab/hosts/wait';
import { stateDir } from '../lab/paths';
import { loadNow } from './machine';
import { residentMiB, watchMemory } from './memory';
import { proven } from './proof';
import { Stand } from './stand';
import { spread } from './statistics';
import { pawl } from './tools/pawl';

/** Milliseconds after which a worker that has just started counts as idle. */
const SETTLED = 3_000;

/** Milliseconds that a service takes before it serves: what an upgrade adds to a restart does not grow with it. */
const STARTS = [0, 1_000];

export async function worker({ rounds }: { rounds: number }): Promise<boolean> {
  await mkdir(join(stateDir, 'bench'), { recursive: true });
  const stand = await Stand.up();
  try {
    await delay(SETTLED);
    const idle = await residentMiB(stand.workerPid);
    const memory = watchMemory(stand.workerPid);
    const wrong: string[] = [];
    for (const startMs of STARTS) wrong.push(...(await outAgainstRestart(stand, rounds, startMs)));
    const { most, last } = await memory.stop();
    const upgrades = (rounds + 1) * STARTS.length;
    console.log(`worker, resident: ${Math.round(idle)} MiB idle after its start, at most ${Math.round(most)} MiB in ${upgrades} upgrades of ${stand.hosts.length} hosts, ${Math.round(last)} MiB after them
load average ${loadNow()}`);
    for (const words of wrong) console.log(`WRONG ${words}`);
    return wrong.length === 0;
  } finally {
    await Stand.down();
  }
}

/** @returns what was not as it should be */
async function outAgainstRestart(stand: Stand, rounds: number, startMs: number): Promise<string[]> {
  const [restarts, outs, wrong]: [number[], number[], string[]] = [[], [], []];
  await upgrade(stand, startMs); // to warm up, and to have such a service
  for (let round = 0; round < rounds; round += 1) {
    restarts.push(...(await restartAll(stand)));
    const seen = await upgrade(stand, startMs);
    outs.push(...Object.values(seen.rotation.outMs));
    wrong.push(...seen.wrong);
  }
  const [restart, out] = [spread(restarts)!, spread(outs)!];
  const range = ({ median, least, most }: typeof out) =>
    `${Math.round(median)} ms (${Math.round(least)} to ${Math.round(most)})`;
  console.log(
    `a service that takes ${startMs} ms before it serves: its own restart ${range(restart)}, out of rotation in an upgrade ${range(out)}, ${(out.median / restart.median).toFixed(2)} × the restart`,
  );
  return wrong;
}

async function upgrade(stand: Stand, startMs: number) {
  const release = await stand.newRelease({ startMs });
  await stand.tidy();
  return proven(stand, release, () => pawl.upgrade(stand, release));
}

/** Each host once, out of rotation, by its own clock: until the service says to systemd that it is ready. */
async function restartAll(stand: Stand): Promise<number[]> {
  const took: number[] = [];
  for (const host of stand.hosts) {
    await stand.haproxy(`set server web/${host} state maint`);
    const nanoseconds = await stand.inside(
      host,
      ...['sh', '-c', 'before=$(date +%s%N); systemctl restart web; echo $(($(date +%s%N) - before))'],
    );
    took.push(Number(nanoseconds) / 1e6);
    await stand.haproxy(`set server web/${host} state ready`);
    const isUp = async () => ((await stand.servers())[host]?.says === 'UP' ? true : undefined);
    await until(`${host} is up again`, 30, isUp, 10);
  }
  return took;
}
