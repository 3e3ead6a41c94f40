import { z } from 'zod';

const Percent = z.number().min(1).max(100);

/** What the changed hosts must keep to, after each batch and for the watch time. */
export const Gate = z.strictObject({
  /** false for services without traffic: nothing is measured then */
  enabled: z.boolean().default(true),
  /** share of requests with a complete answer from a host; must be above this */
  availabilityPercent: z.number().min(0).max(99.999).default(99.9),
  /** share of answers that are 5xx; must not be above this */
  errorRatePercent: z.number().min(0.001).max(100).default(0.1),
  /** the 95th percentile of response time, compared with the usual one */
  p95PercentOfUsual: z.number().min(100).max(10_000).default(120),
  /** what own probes cannot tell apart: so much above the usual is no difference */
  p95ToleranceMs: z.number().min(0).max(60_000).default(10),
  /** response times, compared with those of the hosts without the change in the same minutes; a rank test decides */
  timePercentOfPeers: z.number().min(100).max(10_000).default(125),
  /** of what the service's unit may use */
  cpuPercent: Percent.default(80),
  memoryPercent: Percent.default(80),
  /** memory that grows without end must not fill what the unit may use within so many hours */
  memoryHoursLeft: z.number().min(0.1).max(8_760).default(24),
  /** of the whole host */
  hostCpuPercent: Percent.default(80),
  hostMemoryPercent: Percent.default(80),
  /** how sure a pass must be; with it rises the number of requests that a claim needs */
  confidencePercent: z.number().min(80).max(99.99).default(95),
  /** how long evidence is waited for after a soak or watch, before the change stops */
  holdSeconds: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400)
    .default(600),
});
export type Gate = z.output<typeof Gate>;
