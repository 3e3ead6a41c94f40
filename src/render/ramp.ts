/** A way to the full weight, in words. */

/** @param share 0 to 1 → `2.0 %` */
export function shareText(share: number): string {
  const percent = 100 * share;
  return `${percent < 10 ? percent.toFixed(1) : String(Math.round(percent))} %`;
}

/** `n3 at 10 % of its weight for 300 s: 2.0 % of the requests at edge` */
export function rampStepText(
  host: string,
  { percent, seconds, share }: { percent: number; seconds: number; share: Record<string, number> },
): string {
  const shares = Object.entries(share).map(
    ([balancer, part]) => `${shareText(part)} of the requests at ${balancer}`,
  );
  const gets = percent === 0 ? 'balancers check it and send nothing' : shares.join(', ');
  return `${host} at ${percent} % of its weight for ${seconds} s: ${gets}`;
}
