import { withFewerHosts } from '../render/fewer-hosts';
import { mistakeRows } from '../render/mistakes';
import { statusRows, type Row } from '../render/rows';
import { FAILURES, type FailureType } from '../contracts/failures';
import type { Status } from '../contracts/status';
import { draw } from './draw';
import { messageCommand } from './message-options';
import type { Look } from './runs';
import type { Terminal } from './terminal';
import { sayIn, told, type Language } from './words/language';

/** Rows that a frame has beside its hosts, until it is told otherwise. */
const LEAST_HOSTS = 3;

/** A run as lines for a terminal: no taller than it where hosts can be left out. */
export function frame(look: Look, terminal: Terminal): string[] {
  const whole = draw(rowsOf(look, look.status, terminal), terminal);
  const surplus = whole.length + 2 - terminal.size().rows;
  if (surplus <= 0) return whole;
  const { hosts } = look.status;
  // one row more is needed to say what is left out
  const folded = withFewerHosts(look.status, Math.max(LEAST_HOSTS, hosts.length - surplus - 1));
  return draw(rowsOf(look, folded, terminal), terminal);
}

function rowsOf(look: Look, status: Status, { language }: Terminal): Row[] {
  const rows = statusRows(status, messageCommand);
  if (look.kind === 'ended') rows.splice(1, 0, ...meaningRows(look.failure, language));
  if (look.kind === 'silent') rows.push({ depth: 1, tone: 'plain', mark: '✖', text: silence(look) });
  if (look.kind !== 'ended' || look.mistakes.length === 0) return rows;
  // the summary of a refused input only counts what is listed below it
  const head = rows.slice(0, language === 'en' && look.failure === 'BadInput' ? 1 : 2);
  return [...head, ...mistakeRows(told(language, look.mistakes))];
}

/** The report is English; what kind of failure it is can be said in the language of who reads. */
function meaningRows(failure: string | undefined, language: Language): Row[] {
  if (language === 'en' || !failure || !Object.hasOwn(FAILURES, failure)) return [];
  const { meaning } = FAILURES[failure as FailureType];
  return [{ depth: 1, tone: 'plain', mark: '', text: sayIn(language)(meaning) }];
}

function silence({ why, status }: Look & { kind: 'silent' }): string {
  const since = status.startedAt.slice(0, 19).replace('T', ' ');
  const hint = why === 'no worker answers' ? '; `npm run up` starts one here' : '';
  return `${why}; running since ${since} UTC${hint}`;
}
