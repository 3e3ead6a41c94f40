import type { z } from 'zod';

/** The parts of a zod schema that can hold others. */
interface Definition {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  valueType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  options?: readonly z.core.$ZodType[];
}

/** The keys that a schema knows at a path; those of all shapes where there are several. */
export function keysAt(schema: z.core.$ZodType, path: readonly string[]): string[] {
  return [...new Set(objectsAt(schema, path).flatMap((shape) => Object.keys(shape)))];
}

function objectsAt(schema: z.core.$ZodType, path: readonly string[]): Record<string, z.core.$ZodType>[] {
  const { shape, valueType, element, innerType, in: input, options } = schema._zod.def as Definition;
  const same = [innerType, input, ...(options ?? [])].filter((inner) => inner !== undefined);
  if (same.length > 0) return same.flatMap((inner) => objectsAt(inner, path));
  const [key, ...rest] = path;
  if (key === undefined) return shape ? [shape] : [];
  const next = shape && Object.hasOwn(shape, key) ? shape[key] : (valueType ?? element);
  return next ? objectsAt(next, rest) : [];
}
