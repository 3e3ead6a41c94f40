/** What is wrong with schedules beyond their shapes. */
import { INPUTS } from '../../contracts/schemas';
import { findingsOf, type Finding } from '../findings';
import { noSuchName } from '../nearest';
import { parseCron, valuesIn, type Calendar } from './cron';

interface Maybe {
  id?: unknown;
  workflow?: unknown;
  input?: unknown;
  cron?: unknown;
  every?: unknown;
  timeZone?: unknown;
}

const TYPES = Object.keys(INPUTS);

/** Of a whole file; inputs are checked as the workflows would check them. */
export function scheduleFindings(value: unknown): Finding[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Maybe | null, index) => {
    const at = (field: string) => [String(index), field];
    const { id, workflow, input, cron, every, timeZone } = one ?? {};
    const mistake = (code: string, field: string, found: unknown, rule: string): Finding => ({
      ...{ code, path: at(field), value: found, rule },
    });
    const found: Finding[] = [];
    const before = value.slice(0, index) as (Maybe | null)[];
    if (typeof id === 'string' && before.some((other) => other?.id === id))
      found.push(mistake('twice', 'id', id, 'another schedule has this id'));
    if (typeof workflow === 'string' && !TYPES.includes(workflow))
      found.push(mistake('unknownName', 'workflow', workflow, noSuchName(workflow, TYPES)));
    if (isObject(input)) found.push(...inputFindings(workflow, input, at('input')));
    if ((cron === undefined) === (every === undefined))
      found.push(mistake('either', 'cron', cron, 'either cron or every, and not both'));
    const parsed = typeof cron === 'string' ? parseCron(cron) : undefined;
    if (typeof parsed === 'string') found.push(mistake('cron', 'cron', cron, parsed));
    if (typeof timeZone === 'string' && !isTimeZone(timeZone))
      found.push(
        mistake('timeZone', 'timeZone', timeZone, 'an IANA name such as Europe/Berlin or Asia/Shanghai'),
      );
    if (typeof every === 'string' && seconds(every) < LEAST)
      found.push(mistake('outOfRange', 'every', every, `at least ${LEAST} s`));
    return found;
  });
}

/** @param at the path of the input */
export function inputFindings(workflow: unknown, input: object, at: string[]): Finding[] {
  const schema = typeof workflow === 'string' && TYPES.includes(workflow) ? INPUTS[workflow] : undefined;
  const issues = schema?.safeParse(input).error?.issues ?? [];
  return findingsOf(issues, input, schema).map((finding) => ({ ...finding, path: [...at, ...finding.path] }));
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Seconds; what looks at hosts takes its time. */
const LEAST = 10;
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** @param every as `30m` */
export const seconds = (every: string) => Number(every.slice(0, -1)) * (UNITS[every.slice(-1)] ?? NaN);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

const DAY = 86_400_000;
const QUARTER = 900_000;

/**
 * Times of the clock that a day leaves out when summer begins: Temporal starts nothing then.
 *
 * @param from milliseconds; the year after it is looked at
 * @returns the day on which none of the calendar's times is there, `2027-03-28`
 */
export function lostDay({ hour, minute }: Calendar, timeZone: string, from: number): string | undefined {
  const clock = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const local = (time: number) => Date.parse(`${clock.format(time).replace(' ', 'T')}Z`);
  const start = Math.floor(from / DAY) * DAY;
  for (let day = start; day < start + 366 * DAY; day += DAY) {
    if (local(day + DAY) - local(day) <= DAY) continue;
    for (let time = day; time < day + DAY; time += QUARTER) {
      const [gap, end] = [local(time) + QUARTER, local(time + QUARTER)];
      if (end <= gap) continue;
      const isLost = (at: number) => at >= gap && at < end;
      const midnight = Math.floor(end / DAY) * DAY;
      const times = valuesIn(hour).flatMap((h) =>
        valuesIn(minute).map((m) => midnight + (h * 60 + m) * 60_000),
      );
      return times.every(isLost) ? new Date(midnight).toISOString().slice(0, 10) : undefined;
    }
  }
  return undefined;
}
