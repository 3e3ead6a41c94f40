/** What is different between two plain JSON values, field by field. */
import { escaped } from './escaped';

export interface Difference {
  /** e.g. `batches.1`, `hosts.n3.places`; the parts of a list with names go by their names */
  path: string;
  /** escaped, at most 80 characters; undefined where there is nothing */
  before: string | undefined;
  after: string | undefined;
}

/** Compares what both would write as JSON; the order of keys does not count. */
export function differences(before: unknown, after: unknown, path: string[] = []): Difference[] {
  const one = partsOf(before);
  const other = partsOf(after);
  if (!one || !other) {
    const same = textOf(before) === textOf(after);
    return same ? [] : [{ path: path.join('.'), before: shown(before), after: shown(after) }];
  }
  const names = [...new Set([...Object.keys(one.parts), ...Object.keys(other.parts)])];
  const found = names.flatMap((name) => differences(one.parts[name], other.parts[name], [...path, name]));
  if (found.length > 0 || one.order === other.order) return found;
  return [{ path: path.join('.'), before: escaped(one.order), after: escaped(other.order) }];
}

interface Parts {
  parts: Record<string, unknown>;
  /** of named parts in a list, where it means something */
  order: string;
}

/** @returns undefined for what is compared as a whole: plain values, and lists of plain values */
function partsOf(value: unknown): Parts | undefined {
  if (!Array.isArray(value))
    return isMap(value) ? { parts: Object.assign(empty(), value), order: '' } : undefined;
  const items = value as unknown[];
  if (items.every((item) => !isMap(item) && !Array.isArray(item))) return undefined;
  const names = items.map((item, index) => nameOf(item) ?? `${index}`);
  const parts = empty();
  names.forEach((name, index) => (parts[name] = items[index]));
  return { parts, order: names.join(', ') };
}

/** Names come from outside: none of them may be a word of JavaScript's own. */
const empty = () => Object.create(null) as Record<string, unknown>;

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(item: unknown): string | undefined {
  if (!isMap(item)) return undefined;
  const name = item['name'] ?? item['id'];
  return typeof name === 'string' ? name : undefined;
}

const textOf = (value: unknown) => JSON.stringify(value);

/** A part with a name is called by it. */
function shown(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return escaped(typeof value === 'string' ? value : (nameOf(value) ?? textOf(value)));
}
