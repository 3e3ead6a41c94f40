/** How hosts differ from what the config centre says, as shapes that the activity, its decisions and reports share. */
import type { PlannedNotifications } from './notifications';

/** Each kind of drift once. `mended`: a configCanary of the wanted revision makes it as wanted. */
export const DRIFT = {
  edited: { mended: true, means: 'changed by hand: its bytes are those of no revision that the host keeps' },
  missing: { mended: true, means: 'the file is not there' },
  rights: { mended: true, means: 'owner, group or mode are others' },
  halfApplied: {
    mended: true,
    means: 'a switch was begun and is not over, or files of two revisions stand side by side',
  },
  behind: { mended: true, means: 'as an earlier revision has it, unedited' },
  newer: {
    mended: false,
    means: 'as a revision has it that is later than the wanted one, or that the config centre does not know',
  },
  notAFile: { mended: false, means: 'a link, a folder or something else lies in its place' },
  unreachable: { mended: false, means: 'the host could not be looked at' },
} as const satisfies Record<string, { mended: boolean; means: string }>;
export type DriftKind = keyof typeof DRIFT;

/** Where a revision stands beside the wanted one. `unknown`: the centre does not have it, or on another branch. */
export type Age = 'earlier' | 'same' | 'later' | 'unknown';

export type SeenKind = 'file' | 'link' | 'folder' | 'other' | 'absent';

/** A file that is otherwise than wanted; states are named by their sums. */
export interface SeenFile {
  path: string;
  kind: SeenKind;
  mode: string;
  owner: string;
  group: string;
  /** SHA-256; null where it is no file */
  sum: string | null;
  /** kept states that have these bytes, or this gap, at this path */
  bytes: string[];
  /** those that have its owner and mode, too */
  same: string[];
  /** base64, where it may be shown and is no revision's */
  content?: string;
}

interface Kept {
  state: string;
  label: string;
}

/** What a host says of itself; see `src/host/find-drift.sh`. */
export interface SeenHost {
  current: Kept | null;
  /** a switch was begun and is not over */
  switching: Kept | null;
  /** key of a job that is at work on the files */
  job: string | null;
  /** kept states that are revisions of the centre, with their labels */
  revisions: Record<string, string>;
  /** kept states all of whose files are as they have them */
  whole: string[];
  /** files that are as wanted, and not as the current state has them */
  ahead: number;
  files: SeenFile[];
}

/** What a file shall be. */
export interface WantedRights {
  mode: string;
  owner: string;
  group: string;
  /** SHA-256 */
  sum: string;
}

export interface Finding {
  host: string;
  /** null: it is about the whole set */
  path: string | null;
  kind: DriftKind;
  /** one sentence */
  text: string;
  /** the same as long as the same thing is wrong */
  key: string;
}

/** A unified diff from what is wanted to what is there, once for all hosts that have it. */
export interface DriftDiff {
  path: string;
  hosts: string[];
  text: string;
}

/** By host, the keys of findings. */
export type Keys = Record<string, string[]>;

/** What one run leaves to the next one of its schedule. */
export interface DriftMemory {
  /** of what people were told, and is still there */
  told: Keys;
  /** of what a configCanary was started for */
  correcting: Keys;
}

/** What a status and a report show of drift; bounded, so that it fits into a payload. */
export interface Drift {
  /** as it was asked for, or the newest release */
  wanted: string;
  /** the revision that this is */
  revision: string;
  findings: Finding[];
  /** of these there is no room */
  moreFindings: number;
  diffs: DriftDiff[];
  moreDiffs: number;
  /** workflow id of the configCanary that was started */
  correction?: string;
  memory: DriftMemory;
}

export interface DriftHost {
  name: string;
  /** of what it was switched to last; null where that never was, or nobody can tell */
  label: string | null;
  is: 'asWanted' | 'drifted' | 'unreachable' | 'busy';
  note?: string;
}

/** What the activity saw. */
export interface DriftLook extends Omit<Drift, 'memory' | 'correction'> {
  cluster: string;
  /** path of the cluster file */
  file: string;
  service: string;
  hosts: DriftHost[];
  /** of all findings, those included that there is no room for */
  keys: Keys;
  /** those that a configCanary mends */
  mended: Keys;
  /** its input: null where it mends nothing */
  correction: Record<string, unknown> | null;
  /** its workflow id: the same drift from the same revision has the same */
  correctionId: string;
  /** the cluster file lets schedules start it */
  mayCorrect: boolean;
  /** of the input */
  correct: boolean;
  dryRun: boolean;
  notes: string[];
  notifications?: PlannedNotifications;
}
