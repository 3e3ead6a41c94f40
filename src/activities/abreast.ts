/** At most so many at a time, results in the order of the list. */
export async function abreast<T, R>(
  most: number,
  list: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const line = async () => {
    while (next < list.length) {
      const at = next;
      next += 1;
      results[at] = await work(list[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, line));
  return results;
}
