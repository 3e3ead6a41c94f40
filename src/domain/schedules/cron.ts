/** Cron expressions as the calendars that Temporal keeps, and whether they ever come true. */

/** Inclusive; every `step`-th. */
export interface Range<Unit = number> {
  start: Unit;
  end: Unit;
  step: number;
}

const MONTHS = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST'] as const),
  ...(['SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
type Month = (typeof MONTHS)[number];
type Day = (typeof DAYS)[number];

/** As Temporal describes it. */
export interface Calendar {
  second: Range[];
  minute: Range[];
  hour: Range[];
  dayOfMonth: Range[];
  month: Range<Month>[];
  year: Range[];
  dayOfWeek: Range<Day>[];
  /** the expression */
  comment: string;
}

interface Field {
  name: string;
  from: number;
  to: number;
  /** words for numbers, from `from` on */
  words?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, words: MONTHS },
  // 7 is Sunday, too
  { name: 'day of week', from: 0, to: 7, words: DAYS },
];
const SHORT: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
};
/** Of a leap year: who asks for 29 February gets it. */
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** @returns the calendar, or what is wrong in words */
export function parseCron(text: string): Calendar | string {
  const words = (SHORT[text.trim()] ?? text.trim()).split(/\s+/);
  if (words.length !== FIELDS.length)
    return `five fields, or one of ${Object.keys(SHORT).join(', ')}: minute, hour, day of month, month, day of week`;
  const parsed = FIELDS.map((field, at) => rangesOf(field, words[at]!));
  const wrong = parsed.find((field) => typeof field === 'string');
  if (wrong !== undefined) return wrong;
  const [minute, hour, dayOfMonth, month, dayOfWeek] = parsed as [
    Range[],
    Range[],
    Range[],
    Range[],
    Range[],
  ];
  const lengths = valuesIn(month).map((number) => LENGTHS[number - 1]!);
  if (Math.min(...valuesIn(dayOfMonth)) > Math.max(...lengths))
    return 'never comes: none of these months has such a day';
  return {
    ...{ second: [{ start: 0, end: 0, step: 1 }], minute, hour, dayOfMonth, year: [], comment: text.trim() },
    month: month.map(named((number) => MONTHS[number - 1]!)),
    dayOfWeek: dayOfWeek.flatMap(withSunday).map(named((number) => DAYS[number]!)),
  };
}

const named =
  <T>(nameOf: (number: number) => T) =>
  ({ start, end, step }: Range): Range<T> => ({ start: nameOf(start), end: nameOf(end), step });

/** Temporal begins weeks with Sunday, as 0 alone. */
function withSunday(range: Range): Range[] {
  if (range.end < 7) return [range];
  const rest = valuesIn([range]).map((day) => day % 7);
  if (new Set(rest).size === 7) return [{ start: 0, end: 6, step: 1 }];
  return [...new Set(rest)].map((day) => ({ start: day, end: day, step: 1 }));
}

export function valuesIn(ranges: readonly Range[]): number[] {
  return ranges.flatMap(({ start, end, step }) =>
    Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, nth) => start + nth * step),
  );
}

function rangesOf(field: Field, text: string): Range[] | string {
  const ranges: Range[] = [];
  for (const part of text.split(',')) {
    const [, whole, step] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
    const range = whole === undefined ? undefined : rangeOf(field, whole, step);
    if (range === undefined) return `${field.name} "${part}": ${ruleOf(field)}`;
    ranges.push(range);
  }
  return ranges;
}

function rangeOf(field: Field, whole: string, steps: string | undefined): Range | undefined {
  const { from, to, name } = field;
  const last = name === 'day of week' ? 6 : to;
  const step = Number(steps ?? 1);
  if (whole === '*') return { start: from, end: last, step };
  const [first = '', second, ...more] = whole.split('-');
  const start = numberOf(field, first);
  const end = second === undefined ? (steps === undefined ? start : last) : numberOf(field, second);
  if (start === undefined || end === undefined || end < start || more.length > 0) return undefined;
  return { start, end, step };
}

function numberOf({ from, to, words }: Field, text: string): number | undefined {
  const word = words?.findIndex((name) => name.slice(0, 3) === text.toUpperCase()) ?? -1;
  if (word >= 0) return word + from;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return number >= from && number <= to ? number : undefined;
}

function ruleOf({ from, to, words }: Field): string {
  const named = words ? ` or ${words[0]!.slice(0, 3)} to ${words.at(-1)!.slice(0, 3)}` : '';
  return `from ${from} to ${to}${named}, as *, 5, 1-5, */10 or 1,15`;
}
