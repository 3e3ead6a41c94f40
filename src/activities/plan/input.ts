import type { z } from 'zod';
import { badInput, parseInput } from '../../domain/mistakes';

const LARGEST_INPUT = 256 * 1024;

/** Checks size and shape of the input of a change; every mistake at once. */
export function parsePlanInput<S extends z.ZodType>(schema: S, raw: unknown): z.output<S> {
  const size = Buffer.byteLength(JSON.stringify(raw ?? null));
  if (size > LARGEST_INPUT)
    throw badInput([
      { code: 'tooLarge', path: '', value: `${size} bytes`, rule: `at most ${LARGEST_INPUT} bytes` },
    ]);
  return parseInput(schema, raw);
}
