import type { BalancerComplaint, Fence } from './world';

/**
 * Sends test users to one server of a backend. What is set outlives a reload and a restart. Throws BalancerRefused,
 * BalancerUnavailable, BalancerNotAsWanted, Fenced and the SSH failures.
 */
export interface Steering {
  /** One that is draining gets them too, one that is down does not. @param server null: test users are like all others */
  steer(backend: string, server: string | null, fence: Fence, signal: AbortSignal): Promise<void>;
  /** What its configuration lacks. Changes nothing. */
  examine(backend: string, signal: AbortSignal): Promise<BalancerComplaint[]>;
}
