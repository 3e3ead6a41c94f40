import type { z } from 'zod';
import type { Mistake } from '../contracts/failures';
import { PawlError } from '../contracts/failures';
import { isUndecodable } from '../contracts/undecodable';
import { findingsOf } from './findings';
import { escaped, escapedAt } from './escaped';
import { noSuchName } from './nearest';

export { escaped };

/** A failure must stay small enough for a list; who makes more mistakes sees the rest afterwards. */
const MOST = 200;

/** One failure that lists every mistake. */
export function badInput(mistakes: readonly Mistake[]): PawlError {
  const shown = mistakes.slice(0, MOST);
  const lines = shown.map((mistake) => mistakeText(mistake, 'input'));
  if (shown.length < mistakes.length) lines.push(`and ${mistakes.length - shown.length} more`);
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
  return new PawlError('BadInput', `${count}, nothing was touched\n${lines.join('\n')}`, { mistakes: shown });
}

/** Checks the shape of an input. Throws BadInput with every mistake. */
export function parseInput<S extends z.ZodType>(schema: S, raw: unknown): z.output<S> {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) throw badInput(mistakesOf(parsed.error, raw, schema));
  return parsed.data;
}

/**
 * A mistake in one line. A value that is missing, or is the name of its place, or begins its rule, is not said again.
 *
 * @param whole what a mistake without a path is about
 */
export function mistakeText({ path, value, rule }: Mistake, whole: string): string {
  const said = value === 'nothing' || value === path.split('.').at(-1) || rule.startsWith(`${value}: `);
  return [path || whole, ...(said ? [] : [value]), rule].join(': ');
}

/** A name that is not known, with those that are. */
export function unknownName(path: string, name: string, known: readonly string[]): Mistake {
  return { code: 'unknownName', path, value: escaped(name), rule: noSuchName(name, known) };
}

/** Milliseconds by which the clock of who wrote a time may differ from ours. */
const CLOCKS_DIFFER = 60_000;

/** A moment that has not come yet can be no one's past. */
export function notYet(path: string, time: string | undefined, now: number): Mistake[] {
  if (time === undefined || Date.parse(time) <= now + CLOCKS_DIFFER) return [];
  const rule = 'it lies in the future; where it is left out, now counts';
  return [{ code: 'outOfRange', path, value: time, rule }];
}

/**
 * What zod found wrong with a value, in our words.
 *
 * @param schema where given, unknown keys are compared with those it knows
 */
export function mistakesOf(error: z.ZodError, value: unknown, schema?: z.ZodType): Mistake[] {
  if (isUndecodable(value))
    return [
      { code: 'undecodable', path: '', value: 'unreadable', rule: `it cannot be read: ${value.reason}` },
    ];
  return findingsOf(error.issues, value, schema).map(({ code, path, rule, value: found }) => ({
    code,
    path: path.map(escaped).join('.'),
    value: escapedAt(path, found),
    rule,
  }));
}
