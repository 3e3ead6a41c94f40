/**
 * Works on items in order, at most `width` at a time. The first failure stops new starts; what has begun is
 * settled, so nothing is left half-done.
 */
export async function walk<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<{ failures: { item: T; error: unknown }[]; notStarted: T[] }> {
  const left = [...items];
  const failures: { item: T; error: unknown }[] = [];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = failures.length ? undefined : left.shift())
      try {
        await work(item);
      } catch (error) {
        failures.push({ item, error });
      }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return { failures, notStarted: left };
}
