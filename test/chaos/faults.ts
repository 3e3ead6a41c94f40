/** The strikes themselves, and bringing back what they ended. All times are milliseconds of the clock. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { processes } from '../../lab/hosts/cgroups';
import { identify } from '../../lab/temporal/processes';
import { killIfThere } from '../kill';
import type { Ground } from '../lab/ground';
import type { ChaosCase, Fault } from './cases';
import type { Crew } from './crew';
import { letGo, untilSprung, type Sprung, type Trap } from './trap';

/** How long a frozen worker stands still. */
const FROZEN_MS = 15_000;
const GONE_WITHIN_MS = 5_000;
const SPRUNG_WITHIN_MS = 60_000;

interface Times {
  faultAt: number;
  /** from when on the run can go on: a worker polls, or the server answers */
  backAt: number;
}

export interface Struck extends Times {
  workflowId: string;
  activityId: string;
  /** the body was over before its moment came */
  late: boolean;
}

export interface Scene {
  ground: Ground;
  crew: Crew;
  folder: string;
}

export const ACTS: Record<Fault, Trap['act']> = {
  killWorker: 'kill',
  killTemporal: 'tell',
  cutSsh: 'tell',
  freeze: 'stop',
  overtake: 'stop',
};

/** Waits for the trap, strikes, and brings back. */
export async function strike(scene: Scene, chaos: ChaosCase): Promise<Struck> {
  const sprung = await untilSprung(scene.folder, SPRUNG_WITHIN_MS);
  const times = await FAULTS[chaos.fault](scene, sprung, chaos);
  const { workflowId, activityId, late } = sprung;
  return { ...times, workflowId, activityId, late };
}

const FAULTS: Record<Fault, (scene: Scene, sprung: Sprung, chaos: ChaosCase) => Promise<Times>> = {
  async killWorker({ crew }, { at, pid }) {
    await gone(pid);
    await crew.up();
    return { faultAt: at, backAt: Date.now() };
  },
  async killTemporal({ ground, folder }) {
    const { pid, address } = ground.temporal;
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    const faultAt = Date.now();
    letGo(folder);
    await ground.restartTemporal();
    if (ground.temporal.address !== address) throw new Error('the server came back on another port');
    return { faultAt, backAt: Date.now() };
  },
  async cutSsh({ ground, folder }, _, { cut = 'n1' }) {
    await cutSessions(ground.name, cut);
    const at = Date.now();
    letGo(folder);
    return { faultAt: at, backAt: at };
  },
  async freeze(_, { at, pid }) {
    await delay(at + FROZEN_MS - Date.now());
    process.kill(pid, 'SIGCONT');
    return { faultAt: at, backAt: Date.now() };
  },
  async overtake({ crew }, { at, pid }) {
    await crew.relieve();
    const backAt = Date.now();
    await delay(at + FROZEN_MS - Date.now());
    process.kill(pid, 'SIGCONT');
    return { faultAt: at, backAt };
  },
};

async function gone(pid: number): Promise<void> {
  for (const end = Date.now() + GONE_WITHIN_MS; Date.now() < end; await delay(10))
    if (!(await identify(pid))) return;
  throw new Error(`process ${pid} is still there after SIGKILL`);
}

/** From outside: a program that is started on the host to do it comes too late for a short activity. */
async function cutSessions(lab: string, host: string): Promise<void> {
  const pids = await processes(lab, host);
  const sessions = await Promise.all(
    pids.map(async (pid) => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return /^sshd: [^/]/.test(command) ? [pid] : [];
    }),
  );
  sessions.flat().forEach(killIfThere);
}
