/** Node's, as package.json says. */
export const LEAST_NODE = [20, 19] as const;

/** By the first two numbers; false for what is no version. */
export function olderThan(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, ours, second] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (ours === undefined) return false;
  return Number(ours) < major || (Number(ours) === major && Number(second) < minor);
}
