import { z } from 'zod';
import { Name } from '../names';
import { AllowList, PlainLine } from '../maintenance';
import { Language } from '../notifications';
import { Path, patience, planning } from './common';

const IsoTime = z.iso.datetime({
  offset: true,
  error: 'a time with its zone such as 2026-12-01T22:00:00+08:00, or "now"',
});
const Ahead = z.string().regex(/^[1-9][0-9]{0,4}[mhd]$/, 'a time ahead such as 48h, 2d or 90m');
const week = 7 * 1_440;
const Minutes = z.number().int().min(1).max(week);

export const MaintenanceModeInput = z
  .strictObject({
    /** path of the cluster file, as the worker sees it */
    cluster: Path,
    /** default: all services of the cluster */
    service: Name.optional(),
    /** `now`, or an ISO time with its zone */
    start: z.union([z.literal('now'), IsoTime]).default('now'),
    durationMinutes: Minutes.optional(),
    /** instead of durationMinutes */
    end: IsoTime.optional(),
    /** what is done, in words for those who read the page */
    content: PlainLine(500),
    /** default: what the cluster file says */
    contact: PlainLine(200).optional(),
    /** of the page, in this order; default: what the cluster file says */
    languages: z
      .array(Language)
      .min(1)
      .refine((list) => new Set(list).size === list.length, 'each language once')
      .optional(),
    /** beside those whom the cluster file lets through */
    allow: AllowList.prefault({}),
    /** how long ahead people are told */
    announce: z
      .array(Ahead)
      .max(10)
      .refine((list) => new Set(list).size === list.length, 'each time once')
      .default(['48h', '24h']),
    /** however often it is extended, it is over after so long */
    maxMinutes: Minutes.default(1_440),
    ...patience,
    ...planning,
  })
  .refine(
    ({ durationMinutes, end }) => (durationMinutes === undefined) !== (end === undefined),
    'either durationMinutes or end',
  );
export type MaintenanceModeInput = z.output<typeof MaintenanceModeInput>;
