/** Which share of the requests a host gets on its way to its full weight, as clients count it. */
import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import type { Load } from '../../lab/load';
import { reached } from './ground';

export interface Share {
  /** of the full weight, which is 100 */
  percent: number;
  /** requests that the host has answered, and that all have answered */
  hits: number;
  all: number;
}

/** Long enough to be counted in, on a machine that others use too. */
export const RAMP = [0, 10, 50, 100].map((percent) => ({ percent, seconds: percent ? 4 : 3 }));

/**
 * Counts at 0, 10 and 50 % of a host's full weight, on the way of `RAMP`.
 *
 * @returns for each step one share by load, in the order of the loads
 */
export async function sharesOnTheWay(run: WorkflowHandle, host: string, loads: Load[]): Promise<Share[]> {
  const shares: Share[] = [];
  for (const percent of [0, 10, 50]) {
    await reached(run, ({ summary }) => summary.startsWith(`${host} at ${percent} %`));
    await delay(200);
    const from = await answered(host, loads);
    await delay(percent ? 2_000 : 500);
    const to = await answered(host, loads);
    const grown = to.map(({ hits, all }, index) => ({
      percent,
      hits: hits - from[index]!.hits,
      all: all - from[index]!.all,
    }));
    shares.push(...grown);
  }
  return shares;
}

function answered(host: string, loads: Load[]) {
  return Promise.all(
    loads.map(async (load) => {
      const { byHost } = await load.snapshot();
      const all = Object.values(byHost).reduce((sum, { ok }) => sum + ok, 0);
      return { hits: byHost[host]?.ok ?? 0, all };
    }),
  );
}

/** @param others the sum of the others' weights */
export function expectShare({ percent, hits, all }: Share, others: number): void {
  expectPart({ hits, all }, percent / (percent + others));
}

/** Requests are where weights send them, by a binomial interval; whoever is to have some has some. */
export function expectPart({ hits, all }: Pick<Share, 'hits' | 'all'>, part: number): void {
  // five deviations, and the two hits that a snapshot may be late by
  const margin = 5 * Math.sqrt(all * part * (1 - part)) + (part ? 2 : 0);
  expect(all).toBeGreaterThan(0);
  expect(Math.abs(hits - part * all)).toBeLessThanOrEqual(margin);
  if (part) expect(hits).toBeGreaterThan(0);
}
