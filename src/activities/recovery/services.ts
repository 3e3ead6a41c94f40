/** Services on their hosts: unit, port, health, and the release that they start from. */
import { setTimeout as delay } from 'node:timers/promises';
import { outText } from '../../domain/about';
import { judgeService, type SeenService } from '../../domain/recovery/damage';
import type { Running } from '../../domain/recovery/beside';
import { installedOn } from '../equal';
import { keyValues } from '../key-values';
import { marksOf } from '../out-of-service';
import { readMachine } from '../plan/observe';
import { serviceNamed, type NamedService } from '../plan/common';
import { askHealth } from '../probe';
import type { World } from '../world';
import type { Look } from './look';

/** One that misses a check on a busy host is not damaged. */
const TRIES = 3;
const AGAIN_AFTER = 1_000;
const WITHIN = 300_000;

/** @param tell of what it runs, to be compared with others */
export function serviceOn(world: World, host: string, name: string, tell: (running: Running) => void): Look {
  const service = serviceNamed(world, name);
  return {
    subject: { kind: 'service', service: name },
    withinMs: WITHIN,
    async work(signal) {
      const [installed, marks] = await Promise.all([
        installedOn(world, service, host, signal),
        marksOf(world, name, signal),
      ]);
      const out = marks[host] && outText(host, marks[host]);
      const seen = await seenAgain(world, host, service, installed.release, signal);
      tell({ ...installed, host, service: name, version: seen.version });
      const gone = seen.release !== undefined && { releaseGone: true as const };
      return { ...judgeService({ ...seen, out }), subject: { kind: 'service', service: name, ...gone } };
    },
  };
}

type Seen = Omit<SeenService, 'out'>;

async function seenAgain(
  world: World,
  host: string,
  service: NamedService,
  release: string,
  signal: AbortSignal,
): Promise<Seen> {
  for (let tries = TRIES; ; await delay(AGAIN_AFTER, undefined, { signal })) {
    const seen = await seenOnce(world, host, service, release, signal);
    const well = seen.active === 'active' && seen.listening && seen.fault === undefined;
    if (well || seen.load !== 'loaded' || (tries -= 1) === 0) return seen;
  }
}

async function seenOnce(
  world: World,
  host: string,
  service: NamedService,
  release: string,
  signal: AbortSignal,
): Promise<Seen> {
  const remote = world.hosts.on(host);
  const { unit, port } = service;
  const [machine, running, { fault }] = await Promise.all([
    readMachine(world, service, { name: host }, signal),
    remote.run('left-running', [unit, String(port)], { signal }),
    askHealth(remote, service, signal),
  ]);
  const version = machine['version'] ?? '';
  return {
    ...{ unit, port, version, fault, release: lackOf(service, version, release) },
    ...{ load: machine['load'] ?? 'unknown', active: machine['active'] ?? 'unknown' },
    listening: keyValues(running.stdout)['listener'] !== undefined,
  };
}

/** @param sum of the release's files; '': there is none */
function lackOf({ release }: NamedService, version: string, sum: string): string | undefined {
  if (release.kind === 'tarball') return sum === '' ? `${release.current} leads to no release` : undefined;
  return version === '' ? `the package ${release.package} is not installed` : undefined;
}
