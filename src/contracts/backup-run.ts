/** What a run of `backup` plans and shows. */
import type { BackupEntry, BackupKind, Keep, Position } from './backups';
import type { Mistake } from './failures';
import type { PlannedNotifications } from './notifications';
import type { Report } from './status';

export interface PlannedHost {
  name: string;
  /** that are expected; 0: nobody knows */
  bytes: number;
  kind: BackupKind;
  /** what it builds on; null: it is a full one */
  parent: Parent | null;
}

export interface Parent {
  /** of the backup */
  id: string;
  /** of files: from which the next one goes on */
  toLsn?: string;
  /** of a dump and its logs: where the next one goes on, and what that log begins with */
  log?: Position & { mark: string };
}

export interface PlannedBackup {
  cluster: string;
  /** path of the cluster file */
  file: string;
  source: string;
  /** on which it is taken */
  hosts: PlannedHost[];
  attempts: number;
  pauseSeconds: number;
  /** for one backup of one host */
  maxSeconds: number;
  /** what keeps it from being taken now, and may pass by itself */
  trouble: Mistake[];
  keep: Keep;
  notifications?: PlannedNotifications;
  dryRun: boolean;
  notes: string[];
}

/** A piece of work on a host that is asked for again and again until it has ended. */
export type Progress = { ended: false; says: string } | { ended: true };

export interface PlannedDrill {
  cluster: string;
  /** path of the cluster file */
  file: string;
  source: string;
  /** of the backup */
  host: string;
  /** of the backup */
  id: string;
  /** ISO time of the moment that it holds */
  at: string;
  maxSeconds: number;
  notifications?: PlannedNotifications;
  dryRun: boolean;
}

/** What a drill has found. */
export interface Drilled {
  /** until it could be used: a measured RTO */
  seconds: number;
  /** in words: what was compared and is equal */
  compared: string;
  /** what is otherwise than the backup says; none: it is proven */
  wrong: string[];
}

/** A backup that comes back to a host. */
export interface Restore {
  source: string;
  /** whose backup it is */
  host: string;
  /** to which it comes back */
  on: string;
  /** of the backup */
  backup: string;
  /** in the place of what is there, or in a folder that is not there yet */
  place: 'inPlace' | { folder: string };
  /** with set-uid files and devices */
  asTheyAre?: boolean;
  /** ISO time, in whole seconds: its binary logs are replayed up to here, and not to their end */
  until?: string;
}

export interface PlannedRestore extends Restore {
  /** ISO time of the moment that it holds */
  at: string;
  /** of the whole chain */
  bytes: number;
  /** bytes that must be free on the target */
  needed: number;
  /** paths that come back, each with one rename */
  targets: string[];
  /** that stand still while these are swapped */
  units: string[];
  /** one sentence for each reason why a newer one is not taken */
  notTaken: string[];
  /** for each of its jobs */
  maxSeconds: number;
}

/** What a run of `restore` plans. */
export interface RestoreRun extends PlannedRestore {
  cluster: string;
  /** path of the cluster file */
  file: string;
  notifications?: PlannedNotifications;
  dryRun: boolean;
}

/** What has come back, and is not in use yet. */
export interface Staged extends Drilled {
  /** paths where it lies */
  places: string[];
  /** how what lies in a folder of its own is used, in words; '' in place */
  use: string;
}

/** What the binary logs of a damaged server have brought beyond its backup. */
export interface OwnLogs {
  /** all that was committed is there */
  complete: boolean;
  /** ISO time up to which they were replayed; null: nobody can say, or none were */
  at: string | null;
  /** why no further, in words; '' where it is complete */
  why: string;
}

/** A backup in a list. */
export interface Listed extends Pick<
  BackupEntry,
  'id' | 'host' | 'kind' | 'parent' | 'at' | 'seconds' | 'bytes' | 'stored' | 'snapshot' | 'run'
> {
  /** what it holds, in words */
  holds: string;
  /** its newest proof; null: it was never restored */
  proof: { at: string; seconds: number } | null;
}

/** Which backup brings a moment back on one host. */
export interface Serving {
  host: string;
  /** in the order in which they are restored; empty: none does */
  chain: string[];
  /** ISO time of the moment that they hold; null: none */
  at: string | null;
  /** ISO time up to which the binary logs of the last one are replayed; absent: all of it is restored */
  until?: string;
  /** why newer ones are not taken */
  notTaken: string[];
}

export interface SourceLook {
  source: string;
  /** newest first */
  entries: Listed[];
  /** entries that had no room */
  more: number;
  /** what people should know of those that are not there */
  findings: { key: string; text: string }[];
  /** where a moment was asked for */
  serving?: Serving[];
  /** why its catalogue could not be read; then nothing else is known */
  unread?: string;
  notifications?: PlannedNotifications;
}

export interface BackupsLook {
  cluster: string;
  /** path of the cluster file */
  file: string;
  sources: SourceLook[];
}

/** What a run of `backups` leaves to the next one of its schedule. */
export interface BackupsReport extends Report {
  backups: BackupsLook & {
    /** keys of what people were told, by source */
    told: Record<string, string[]>;
  };
}
