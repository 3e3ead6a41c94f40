import { mistakeRows } from '../render/mistakes';
import { statusRows, toneOf, type Row } from '../render/rows';
import type { Status } from '../contracts/status';
import { draw } from './draw';
import { messageCommand } from './message-options';
import type { Look } from './runs';
import type { Terminal } from './terminal';

/** Rows that a frame has beside its hosts, until it is told otherwise. */
const LEAST_HOSTS = 3;

/** A run as lines for a terminal: no taller than it where hosts can be left out. */
export function frame(look: Look, terminal: Terminal): string[] {
  const whole = draw(rowsOf(look, look.status), terminal);
  const surplus = whole.length + 2 - terminal.size().rows;
  if (surplus <= 0) return whole;
  const { hosts } = look.status;
  // one row more is needed to say what is left out
  const folded = withFewerHosts(look.status, Math.max(LEAST_HOSTS, hosts.length - surplus - 1));
  return draw(rowsOf(look, folded), terminal);
}

function rowsOf(look: Look, status: Status): Row[] {
  const rows = statusRows(status, messageCommand);
  if (look.kind === 'silent') rows.push({ depth: 1, tone: 'plain', mark: '✖', text: silence(look) });
  if (look.kind !== 'ended' || look.mistakes.length === 0) return rows;
  // the summary of a refused input only counts what is listed below it
  return [...rows.slice(0, look.failure === 'BadInput' ? 1 : 2), ...mistakeRows(look.mistakes)];
}

function silence({ why, status }: Look & { kind: 'silent' }): string {
  const since = status.startedAt.slice(0, 19).replace('T', ' ');
  const hint = why === 'no worker answers' ? '; `npm run up` starts one here' : '';
  return `${why}; running since ${since} UTC${hint}`;
}

/** Hosts that are worked on or need attention stay, then those nearest to the first that is not done. */
function withFewerHosts(status: Status, count: number): Status {
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
