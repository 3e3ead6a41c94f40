/** Hosts that are worked on at the same time while they serve. */
export const SIDE_BY_SIDE = 20;

/**
 * Works on items in order, at most `width` at a time. The first failure stops new starts, and so does `enough`; what
 * has begun is settled, so nothing is left half-done.
 */
export async function walk<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  enough: () => boolean = () => false,
): Promise<{ failures: { item: T; error: unknown }[]; notStarted: T[] }> {
  const left = [...items];
  const failures: { item: T; error: unknown }[] = [];
  const lane = async () => {
    const next = () => (failures.length || enough() ? undefined : left.shift());
    for (let item = next(); item !== undefined; item = next())
      try {
        await work(item);
      } catch (error) {
        failures.push({ item, error });
      }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return { failures, notStarted: left };
}
