/** What a look for damage finds, and what a recovery makes of it. */
import type { Level } from './backups';

/** Something on a host that can be damaged, and brought back. */
export type Subject =
  | { kind: 'host' }
  /** files of packages, conffiles aside */
  | { kind: 'packages'; packages: string[] }
  /** of the cluster file's backups */
  | { kind: 'source'; source: string }
  | { kind: 'service'; service: string }
  /** files that the config centre has of a service */
  | { kind: 'config'; service: string };

/** What was measured of one subject. */
export interface Looked {
  host: string;
  /** its place in a recovery */
  level: Level;
  subject: Subject;
  /** unknown: nobody could look; its host does not answer, say */
  is: 'well' | 'damaged' | 'unknown';
  /** in words, what was measured: `3 of 41 files are missing`; what is well says so, too */
  found: string[];
}
