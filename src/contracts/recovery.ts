/** What a look for damage finds, and what a recovery makes of it. */
import type { Level } from './backups';

/** Something on a host that can be damaged, and brought back. */
export type Subject =
  | { kind: 'host' }
  /** what others may write or read there, and who listens; never damaged, and compared with before */
  | { kind: 'exposure' }
  /** files of packages, conffiles aside */
  | { kind: 'packages'; packages: string[] }
  /** of the cluster file's backups */
  | { kind: 'source'; source: string }
  /** `releaseGone`: what it starts from is not there */
  | { kind: 'service'; service: string; releaseGone?: true }
  /** files that the config centre has of a service, in the revision that the host shall have; absent: nobody knows it */
  | { kind: 'config'; service: string; revision?: string };

/** What was measured of one subject. */
export interface Looked {
  host: string;
  /** its place in a recovery */
  level: Level;
  subject: Subject;
  /** unknown: nobody could look; its host does not answer, say */
  is: 'well' | 'damaged' | 'unknown';
  /** a service that is out of service on purpose */
  out?: true;
  /** in words, what was measured: `3 of 41 files are missing`; what is well says so, too */
  found: string[];
}

/** In this order; what stands in one stage is done side by side, one thing at a time on each host. */
export const STAGES = [
  'system',
  'database',
  'application',
  'configuration',
  'services',
  'logs',
  'documents',
] as const;
export type Stage = (typeof STAGES)[number];

/** A backup that is restored, unless it turns out to be otherwise than it says. */
export interface Candidate {
  /** of the newest backup of the chain */
  id: string;
  /** ISO time of the moment that it holds */
  at: string;
  /** of the whole chain */
  bytes: number;
  /** ISO time up to which its binary logs are replayed; absent: all of it is restored */
  until?: string;
}

/** Files of packages come back from the package that the host keeps, or from where it gets its packages. */
interface ReinstallStep {
  kind: 'packages';
  packages: string[];
}

/** What of damaged packages a host can install anew. */
export interface Fetched {
  there: string[];
  /** `why` in the words of the host */
  missing: { package: string; version: string; why: string }[];
}

interface RestoreStep {
  kind: 'restore';
  source: string;
  /** the next one is taken where the one before turns out to be bad */
  candidates: Candidate[];
  /** restored only where it is damaged still when it is at work: what only stood still loses nothing */
  startFirst: boolean;
  /** what a database's own binary logs hold since the backup is replayed, too */
  ownLogs?: boolean;
  maxSeconds: number;
}

/** Files of the config centre. */
interface FilesStep {
  kind: 'files';
  service: string;
  revision: string;
}

interface ServiceStep {
  kind: 'service';
  service: string;
}

/**
 * What a recovery does at once; `name` is how people and messages call it. `turn`: its host serves, and is brought through in one
 * go and alone, when the others of this stage are through; absent: it is done in its own stage.
 */
export type RecoveryStep = { name: string; host: string; stage: Stage; turn?: Stage } & (
  ReinstallStep | RestoreStep | FilesStep | ServiceStep
);
export type StepOf<K extends RecoveryStep['kind']> = Extract<RecoveryStep, { kind: K }>;

/** What came of one step. */
export interface Recovered {
  name: string;
  /** of the work itself */
  seconds: number;
  /** how it went, in words */
  how: string;
  /** paths of what was there before, on its host */
  aside: string[];
  /** packages that came anew, where it is about packages */
  installed?: string[];
  /** between the moment that came back and the disaster; absent where nothing can be lost */
  lostSeconds?: number;
}

/** How long recovered hosts of a service take to answer, by own probes. */
export interface Answers {
  service: string;
  /** 95 of 100 answers came within so many milliseconds; null: nobody could measure it */
  p95Ms: number | null;
  /** the same of hosts that were never damaged; null: there are none, or nobody could measure it */
  othersMs: number | null;
  /** farther from the others than a gate would let pass */
  slow: boolean;
}

/** A recovery as its report tells it. */
export interface Recovery {
  /** ISO time of the disaster, as far as anybody knows: of the look, otherwise */
  since: string;
  /** ISO time: nothing was waited for any more */
  begunAt: string;
  before: Looked[];
  steps: Recovered[];
  /** after the last step; absent before */
  after?: Looked[];
  answers?: Answers[];
}
