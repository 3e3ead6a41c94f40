/** What restic says of a repository. */
import { z } from 'zod';

const Snapshots = z.array(
  z.object({ time: z.string(), short_id: z.string(), tags: z.array(z.string()).optional() }),
);

export interface Snapshot {
  name: string;
  /** id of the backup that made it; '': it is none of ours */
  tag: string;
  /** milliseconds */
  at: number;
}

/** @param text of `restic snapshots --json`; an empty repository is `null` or `[]` */
export function parseSnapshots(text: string): Snapshot[] {
  const all = Snapshots.parse((JSON.parse(text) as unknown) ?? []);
  return all.map(({ time, short_id, tags = [] }) => ({
    name: short_id,
    tag: tags[0] ?? '',
    at: Date.parse(time),
  }));
}
