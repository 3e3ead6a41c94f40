import type { Release, Stand } from '../stand';

/** One way to bring a release to all hosts, one host at a time. */
export interface Tool {
  name: string;
  /** what is measured, in one line */
  about: string;
  /** what the others are measured against */
  isFloor?: true;
  /**
   * Makes ready what is not part of the work.
   *
   * @returns why it cannot be had on this machine
   */
  prepare(stand: Stand): Promise<string | undefined>;
  /**
   * The work; throws when it cannot be done.
   *
   * @returns seconds by phase, where the tool knows them
   */
  upgrade(stand: Stand, release: Release): Promise<Record<string, number>>;
  /** the whole time where it is the sum of the phases, for they are looked up after the work */
  wholeOf?(phases: Record<string, number>): number;
  end(stand: Stand): Promise<void>;
}
