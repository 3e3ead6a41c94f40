/** Few numbers that say how many came out. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** @returns undefined when there are no numbers */
export function spread(numbers: readonly number[]): Spread | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle - 0.5)]! + sorted[Math.floor(middle)]!) / 2;
  return { median, least, most };
}
