/** Stops and starts the service of a host that is out of rotation. */
import { setTimeout as delay } from 'node:timers/promises';
import { PawlError } from '../contracts/failures';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import type { Jobs, RemoteHost } from '../contracts/world';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { runJob } from './job';
import { keepingOut } from './traffic';
import type { World, Worlds } from './world';

/** What is told to each job on the unit of a service. */
export interface UnitJob {
  change: ChangeRef;
  service: PlannedService;
  host: PlannedHost;
  /** why: part of the job's key */
  step: string;
  round: number;
}

/** Milliseconds for what a stop leaves behind to go away by itself. */
const LEFT_WITHIN = 3_000;
const LOOK = 100;

export function serviceActivities(worlds: Worlds, jobs: Jobs) {
  const setUnit = (world: World, input: UnitJob, script: 'stop-unit' | 'start-unit') => {
    const { unit } = input.service;
    return unitJob(world, jobs, input, { script, args: [unit] }, `${script} ${unit}`);
  };
  return {
    /** Stops the unit, one job for each round, and proves that no process of it and no listener on its port is left. */
    async stopService(input: UnitJob): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      await keepingOut(world, input.host, now, async () => {
        await setUnit(world, input, 'stop-unit');
        await nothingLeft(world.hosts.on(input.host.name), input.service, now.signal);
      });
    },

    /** Starts the unit, one job for each round; whether it is well is for `proveHealthy` to say. */
    async startService(input: UnitJob): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      await keepingOut(world, input.host, now, () => setUnit(world, input, 'start-unit'));
    },
  };
}

/** A job on a unit: each of its moves converges, so one that a reboot has cut goes on where it stood. */
export function unitJob(
  world: World,
  jobs: Jobs,
  { change, service, host, step, round }: UnitJob,
  { script, args }: { script: string; args: string[] },
  says: string,
): Promise<{ reattached: boolean }> {
  const { name: lane, limits } = service;
  const spec = { lane, script, args, maxSeconds: limits.switchSeconds, ifCut: 'runAgain' } as const;
  return runJob(world, jobs, { change, host: host.name, step, round }, spec, says);
}

async function nothingLeft(
  remote: RemoteHost,
  { unit, port }: PlannedService,
  signal: AbortSignal,
): Promise<void> {
  for (const deadline = performance.now() + LEFT_WITHIN; ; await delay(LOOK, undefined, { signal })) {
    const { stdout } = await remote.run('left-running', [unit, String(port)], { signal });
    const left = leftRunning(stdout, unit, port);
    if (!left) return;
    if (performance.now() > deadline) throw new PawlError('StillRunning', `${remote.name}: ${left}`);
  }
}

/** @returns in words, what `src/host/left-running.sh` found; undefined: nothing is left */
export function leftRunning(text: string, unit: string, port: number): string | undefined {
  const said = (key: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const [active = 'unknown'] = said('active');
  const who = (lines: string[]) =>
    lines.map((line) => line.replace(/^(\d+) (.*)$/, '$2 (process $1)')).join(', ');
  const parts = [
    ...(['inactive', 'failed'].includes(active) ? [] : [`${unit} is ${active}`]),
    ...(said('process').length ? [`of ${unit} there still runs ${who(said('process'))}`] : []),
    ...(said('listener').length ? [`${who(said('listener'))} listens on port ${port}`] : []),
  ];
  return parts.length ? `after the stop ${parts.join('; ')}` : undefined;
}
