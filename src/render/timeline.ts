import type { Status } from '../contracts/status';

/** What happened when, as lines: time of day (UTC), seconds since the beginning, in words. */
export function timelineLines({ timeline = [], startedAt }: Status): string[] {
  const begun = Date.parse(startedAt);
  const lines = timeline.map(({ at, what }) => {
    const after = `+${Math.round((Date.parse(at) - begun) / 1_000)} s`;
    return `${at.slice(0, 10)} ${at.slice(11, 19)}Z  ${after.padStart(8)}  ${what.replace(/\s+/g, ' ')}`;
  });
  return lines.length
    ? lines
    : ['no timeline: the run was begun by an earlier release, or nothing happened yet'];
}
