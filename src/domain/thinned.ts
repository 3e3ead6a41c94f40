/**
 * Thins out what was seen over time, evenly: the one whose neighbours are closest to each other goes first, the first and
 * the last stay. However long it goes on, no gap that this makes is longer than 2/(most - 1) of the whole time.
 *
 * @param seen ascending in time, which is the first of each
 * @param most how many may stay, 2 at least
 */
export function thinned<T extends readonly [at: number, ...unknown[]]>(
  seen: readonly T[],
  most: number,
): T[] {
  const left = [...seen];
  const span = (nth: number) => left[nth + 1]![0] - left[nth - 1]![0];
  while (left.length > most) {
    let least = 1;
    for (let nth = 2; nth < left.length - 1; nth += 1) if (span(nth) < span(least)) least = nth;
    left.splice(least, 1);
  }
  return left;
}
