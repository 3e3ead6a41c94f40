/** A balancer's doors to services: open, or closed with a page. */
import type { BalancerComplaint, Fence } from './world';

/** What a balancer is told. */
export interface Closure {
  /** expected end, seconds since 1970: the balancer tells from it when to ask again */
  until: number;
  /** names exactly this text; every page is served with it */
  marker: string;
  /** one line of HTML each: until the expected end, and after it */
  page: string;
  late: string;
  addresses: string[];
  /** the secrets themselves, for this worker and the balancer's host only */
  passes: string[];
}

/** Answers of ours carry this header, and requests that are to see the page whoever sends them. */
export const MARKER_HEADER = 'X-Pawl-Maintenance';
export const PROOF_HEADER = 'X-Pawl-Proof';

/**
 * Opens and closes a balancer's way to a service. What is set outlives a reload and a restart. Throws BalancerRefused,
 * BalancerUnavailable, BalancerNotAsWanted, Fenced and the SSH failures.
 */
export interface Doors {
  /** bytes of one page */
  readonly largestPage: number;
  /** Requests get the page from now on; one that is closed already gets the new text. */
  close(backend: string, closure: Closure, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Requests go to the service again. */
  open(backend: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /** A command that opens it without Pawl, as root on its host. */
  byHand(backend: string): string;
  /** What its configuration lacks. Changes nothing. */
  examine(backend: string, signal: AbortSignal): Promise<BalancerComplaint[]>;
}
