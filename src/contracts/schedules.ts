/** Runs that Temporal starts by the clock: what `pawl schedule apply` reads. */
import { z } from 'zod';
import { Name } from './names';
import { Path } from './inputs/common';

/** What becomes of a run whose time has come while the one before is at work. A change is never terminated: it would leave hosts out. */
export const OVERLAPS = ['skip', 'bufferOne', 'bufferAll', 'cancelOther', 'allowAll'] as const;

export const ScheduleDefinition = z.strictObject({
  id: Name.describe('Temporal knows it as pawl-ID.'),
  workflow: z.string().min(1).max(100).describe('What is started, as `pawl start` names it.'),
  input: z
    .union([z.record(z.string(), z.unknown()), Path], 'an object, or the path of a file that holds one')
    .describe('Its input, or a file with it; relative paths begin where this file lies.'),
  cron: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Five fields (minute, hour, day of month, month, day of week; all must match), or @daily and the like.',
    ),
  every: z
    .string()
    .regex(/^[1-9][0-9]{0,4}[smhd]$/, 'a number with s, m, h or d, such as 30m')
    .optional()
    .describe('Instead of cron: the time between two runs, counted from 1970.'),
  timeZone: z
    .string()
    .min(1)
    .max(100)
    .default('UTC')
    .describe('Of cron; an IANA name such as Europe/Berlin.'),
  overlap: z.enum(OVERLAPS).default('skip').describe('When the run before is still at work.'),
  catchUpSeconds: z
    .number()
    .int()
    .min(10)
    .max(31_536_000)
    .default(3_600)
    .describe(
      'A run that was missed because Temporal was down is made up for when it is not later than this.',
    ),
  paused: z.boolean().optional().describe('Default: as it is; a new one runs.'),
});
export type ScheduleDefinition = z.output<typeof ScheduleDefinition>;

export const Schedules = z.array(ScheduleDefinition).min(1).max(1_000);
