import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedGate, Usual } from '../../contracts/gate';
import type { PlannedHost, PlannedService } from '../../contracts/plan';
import { emptyHistogram, percentile } from '../../domain/histogram';
import { samplesNeeded } from '../../domain/evidence';
import type { World } from '../world';
import { startProbing } from './probes';

/** Milliseconds for a baseline. */
const LIMIT = 15_000;
const LOOK = 50;
/** Samples of a baseline: about twice as many as the claim itself needs. */
const SAMPLES = 120;

/** The baseline by own probes, before anything is changed. */
export async function usualByProbes(
  world: World,
  service: PlannedService,
  hosts: PlannedHost[],
  { probePaths, confidencePercent }: PlannedGate,
  signal: AbortSignal,
): Promise<Usual> {
  const probes = emptyHistogram();
  const probing = startProbing(world, { service, paths: probePaths, hosts }, probes, signal);
  try {
    for (const end = Date.now() + LIMIT; probes.samples < SAMPLES && Date.now() < end;)
      await delay(LOOK, undefined, { signal });
  } finally {
    await probing.stop();
  }
  const needed = samplesNeeded(0, 0.05, confidencePercent / 100);
  if (probes.samples < needed)
    return {
      p95Ms: null,
      from: `before the change only ${probes.samples} of ${needed} probes were answered${trouble(probing.trouble())}`,
    };
  return { p95Ms: percentile(probes, 0.95), from: `before the change, ${probes.samples} probes` };
}

const trouble = (why: string | undefined) => (why ? `: ${why}` : '');
