import type { Look, Sight } from '../../src/contracts/gate';

/** A gate of so many looks, at the size that figures have after a week at 1,000 requests a second. */
export function sight(looks: number, more: Partial<Sight> = {}): Sight {
  const figures = (nth: number, by: number): Look[1] => [
    Math.round((nth / looks) * 6e8) * by,
    nth * by,
    nth,
    41.25 + by,
    118.4 + nth / by,
    12.34,
  ];
  return {
    hosts: { changed: 1, peers: 5 },
    limits: { errorPercent: 0.1, p95Ms: 52.4, memoryMiB: 409.6, cpuPercent: 80 },
    looks: Array.from({ length: looks }, (_, nth) => [
      Number((((nth + 1) / looks) * 604_800).toFixed(1)),
      figures(nth, 1),
      figures(nth, 5),
    ]),
    ...more,
  };
}
