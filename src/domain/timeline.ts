import type { HostStatus, Status } from '../contracts/status';

const MOST = 200;
/** How a change began says more than its middle. */
const FIRST = 20;

/** @param at ISO time */
export function happened(status: Status, at: string, what: string): void {
  const timeline = (status.timeline ??= []);
  timeline.push({ at, what });
  if (timeline.length > MOST) timeline.splice(FIRST, timeline.length - MOST);
}

const ENDS: readonly HostStatus['state'][] = ['done', 'undone', 'skipped', 'failed', 'unreachable'];

/** @returns what is worth a line when a host becomes that, if anything is */
export function hostText(host: HostStatus, facts: Partial<HostStatus>): string | undefined {
  const { name, version, state, note } = { ...host, ...facts };
  if (state === host.state || !ENDS.includes(state)) return undefined;
  return [`${name}: ${state}`, version && `runs ${version}`, note].filter(Boolean).join(', ');
}
