import type { Status } from '../contracts/status';
import { toneOf } from './rows';

/** Hosts that are worked on or need attention stay, then those nearest to the first that is not done. */
export function withFewerHosts(status: Status, count: number): Status {
  const { hosts } = status;
  const tones = hosts.map(({ state }) => toneOf(state).tone);
  const front = tones.findIndex((tone) => tone !== 'good');
  const distance = (index: number) =>
    tones[index] === 'busy' || tones[index] === 'bad' ? -1 : Math.abs(index - front);
  const nearest = hosts.map((_, index) => index).sort((a, b) => distance(a) - distance(b));
  const shown = new Set(nearest.slice(0, count));
  const hidden = hosts.filter((_, index) => !shown.has(index)).map(({ state }) => state);
  if (!hidden.length) return status;
  const counts = [...new Set(hidden)].map(
    (state) => `${hidden.filter((other) => other === state).length} ${state}`,
  );
  return {
    ...status,
    hosts: hosts.filter((_, index) => shown.has(index)),
    notes: [`${hidden.length} more hosts: ${counts.join(', ')}`, ...status.notes],
  };
}
