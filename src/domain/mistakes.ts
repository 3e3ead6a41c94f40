import type { z } from 'zod';
import type { Mistake } from '../contracts/failures';
import { PawlError } from '../contracts/failures';

const LONGEST_VALUE = 80;

/** A value as people may see it: control, bidirectional and other invisible characters escaped, at most 80 characters. */
export function escaped(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const visible = text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return visible.length > LONGEST_VALUE ? `${visible.slice(0, LONGEST_VALUE - 1)}…` : visible;
}

/** One failure that lists every mistake. */
export function badInput(mistakes: readonly Mistake[]): PawlError {
  const lines = mistakes.map(({ path, value, rule }) => `${path || 'input'}: ${value}: ${rule}`);
  return new PawlError('BadInput', `${mistakes.length} mistakes, nothing was touched\n${lines.join('\n')}`, { mistakes });
}

/** A name that is not known, with those that are. */
export function unknownName(path: string, name: string, known: readonly string[]): Mistake {
  return { code: 'unknownName', path, value: escaped(name), rule: `there is no such name; there are ${known.join(', ') || 'none'}` };
}

/** What zod found wrong with a value, in our words. */
export function mistakesOf(error: z.ZodError, value: unknown): Mistake[] {
  return error.issues.map((issue) => {
    const path = issue.path.map(String);
    return { code: issue.code, path: path.join('.'), value: escaped(at(value, path)), rule: issue.message };
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
