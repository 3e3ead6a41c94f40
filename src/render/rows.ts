import { changeText } from '../domain/about';
import { findingText } from '../domain/config/drift-status';
import { onceText } from '../domain/run-once';
import type { Certificate } from '../contracts/certificate';
import type { Finding } from '../contracts/config-drift';
import type {
  Diffs,
  GateStatus,
  HostStatus,
  HostTraffic,
  Phase,
  Status,
  StepStatus,
} from '../contracts/status';

export type Tone = 'plain' | 'strong' | 'quiet' | 'good' | 'busy' | 'bad';

/** One line of what people see; CLI, Current Details and reports draw the same rows. */
export interface Row {
  depth: 0 | 1 | 2;
  tone: Tone;
  mark: string;
  text: string;
  /** `text` in columns, for places that can align them */
  cells?: string[];
  /** something to type, set in code type where that exists */
  code?: string;
  /** `text` is a diff, of several lines */
  diff?: true;
  /** what is waited for, or an answer to it */
  waits?: true;
}

const GOOD: readonly string[] = ['done', 'succeeded', 'planned'];
/** Safe, but not what was asked for. */
const BACK: readonly string[] = ['undone', 'rolledBack'];
const BAD: readonly string[] = ['failed', 'frozen', 'unreachable', 'aborted'];
const QUIET: readonly string[] = ['pending', 'staged', 'serving', 'skipped', 'queued'];

/** Columns stand still while states change. */
const WIDEST_STATE = 'unreachable'.length;

/** The colour and the sign of a phase or of a host's state. */
export function toneOf(state: Phase | HostStatus['state'] | StepStatus['state']): {
  tone: Tone;
  mark: string;
} {
  if (GOOD.includes(state)) return { tone: 'good', mark: '✔' };
  if (BACK.includes(state)) return { tone: 'good', mark: '↩' };
  if (BAD.includes(state)) return { tone: 'bad', mark: '✖' };
  if (QUIET.includes(state)) return { tone: 'quiet', mark: '·' };
  return { tone: 'busy', mark: '◐' };
}

/** How an answer to a run is written down for people. */
export type AnswerText = (id: string, message: string, payload: Record<string, unknown>) => string;

/** What becomes of files, host by host. */
export function diffRows(diffs: Diffs | undefined): Row[] {
  if (!diffs) return [];
  return [
    ...diffs.shown.flatMap(({ hosts, text }): Row[] => [
      { depth: 1, tone: 'strong', mark: '', text: `on ${hosts.join(', ')}` },
      { depth: 1, tone: 'plain', mark: '', text, diff: true },
    ]),
    ...(diffs.more > 0
      ? [{ depth: 1, tone: 'quiet', mark: 'ⓘ', text: moreLines(diffs.more) } satisfies Row]
      : []),
  ];
}

export const moreLines = (count: number) =>
  `and ${count} more line${count === 1 ? '' : 's'}, which \`pawl config diff\` draws`;

/** Status in rows: phase, hosts, what is waited for, what is left to do. */
export function statusRows(status: Status, answerText: AnswerText): Row[] {
  return [
    ...headRows(status),
    ...lineRows(status),
    ...status.hosts.map(hostRow),
    ...driftRows(status),
    ...status.steps.map(stepRow),
    ...asideRows(status),
    ...(status.gates ?? []).flatMap(gateRows),
    ...certificateRows(status),
    ...waitingRows(status, answerText),
    ...status.leftToDo.map((todo): Row => ({
      depth: 1,
      tone: 'bad',
      mark: '→',
      text: todo.what,
      code: todo.command,
    })),
    ...status.notes.map((note): Row => ({ depth: 1, tone: 'quiet', mark: 'ⓘ', text: note })),
    ...status.messages.slice(-5).map((message): Row => ({
      depth: 1,
      tone: 'quiet',
      mark: '✉',
      text: `${message.name} by ${message.by}: ${message.answer}`,
    })),
  ];
}

function headRows(status: Status): Row[] {
  const { phase, service, cluster, summary, batch, planHash, waitingFor, line, endedAt } = status;
  const what = service
    ? `${changeText(service, status)} on ${cluster}`
    : line
      ? `lease of ${cluster}`
      : endedAt
        ? 'not planned'
        : 'not planned yet';
  const facts = [batch && `batch ${batch.index} of ${batch.of}`, planHash && `plan ${planHash.slice(0, 12)}`];
  const unsaid = facts.filter((fact) => fact && !summary.includes(fact));
  // what is waited for stands below, with its answers
  const text = [...(waitingFor?.what === summary ? [] : [summary]), ...unsaid].join(' · ');
  return [
    { depth: 0, ...toneOf(phase), tone: 'strong', text: `${phase}: ${what}` },
    ...(text ? [{ depth: 1, tone: 'plain', mark: '', text } satisfies Row] : []),
  ];
}

/** Of a lease: those who hold something, then those who wait, in order, then what is kept of changes that are over. */
function lineRows({ line }: Status): Row[] {
  if (!line) return [];
  const holders = line.holders.map(({ id, what, holds, since, yieldsTo }): Row => {
    const cells = [id, what, `holds ${holds}`, `since ${since.slice(0, 19)}Z`];
    if (yieldsTo) cells.push(`gives way to ${yieldsTo}`);
    return { depth: 1, tone: 'busy', mark: '◐', text: cells.join('  '), cells };
  });
  const waiting = line.waiting.map(({ id, what, for: wanted, since }, index): Row => {
    const cells = [id, what, `${index + 1} in line for ${wanted}`, `since ${since.slice(0, 19)}Z`];
    return { depth: 1, tone: 'quiet', mark: '·', text: cells.join('  '), cells };
  });
  const kept = (line.kept ?? []).map(({ host, service, wanted, balancer, by, since }): Row => {
    const cells = [
      `${host} (${service})`,
      `${wanted} at ${balancer}`,
      `for ${by}`,
      `since ${since.slice(0, 19)}Z`,
    ];
    return { depth: 1, tone: 'plain', mark: '⊘', text: cells.join('  '), cells };
  });
  return [...holders, ...waiting, ...kept];
}

function hostRow(host: HostStatus): Row {
  const { name, version, state, balancers, note } = host;
  const cells = [
    name,
    version,
    state.padEnd(WIDEST_STATE),
    ...trafficTexts(balancers),
    ...(note ? [note] : []),
  ];
  const text = cells
    .map((cell) => cell.trim())
    .filter(Boolean)
    .join('  ');
  return { depth: 1, ...toneOf(state), text, cells };
}

export const GATE_TONES: Record<GateStatus['verdict'], { tone: Tone; mark: string }> = {
  pass: { tone: 'good', mark: '✔' },
  promoted: { tone: 'plain', mark: '➜' },
  hold: { tone: 'busy', mark: '◐' },
  fail: { tone: 'bad', mark: '✖' },
};

/** One line for a gate that is over, one more for each claim of the others. */
function gateRows({ name, verdict, text, claims }: GateStatus): Row[] {
  const head = `${name}: ${verdict}`;
  const { tone, mark } = GATE_TONES[verdict];
  if (verdict === 'promoted') return [{ depth: 1, tone, mark, text: `${head} ${text}` }];
  if (!claims?.length) return [{ depth: 1, tone, mark, text: `${head}: ${text}` }];
  return [
    { depth: 1, tone, mark, text: head },
    ...claims.map((claim): Row => ({
      depth: 2,
      tone: GATE_TONES[claim.verdict].tone,
      mark: GATE_TONES[claim.verdict].mark,
      text: claim.text,
    })),
  ];
}

function certificateRows({ certificate }: Status): Row[] {
  return certificate ? [{ depth: 1, ...toneOfLoss(certificate), text: certificate.text }] : [];
}

export function toneOfLoss({ lost }: Certificate): { tone: Tone; mark: string } {
  return lost === null ? toneOf('pending') : toneOf(lost > 0 ? 'failed' : 'done');
}

/** Of thousands so many; the report has more. */
const MOST_DRIFT = 30;

function driftRows({ drift }: Status): Row[] {
  if (!drift) return [];
  const { findings, moreFindings } = drift;
  const left = moreFindings + Math.max(0, findings.length - MOST_DRIFT);
  const row = (finding: Finding): Row => ({ depth: 1, ...toneOfDrift(finding), text: findingText(finding) });
  return [
    ...findings.slice(0, MOST_DRIFT).map(row),
    ...(left > 0
      ? [{ depth: 1, tone: 'quiet', mark: '·', text: `and ${left} more; the report has them` } satisfies Row]
      : []),
  ];
}

/** Who is behind has nothing that somebody has done. */
export function toneOfDrift({ kind }: Finding): { tone: Tone; mark: string } {
  return kind === 'behind' ? { tone: 'busy', mark: '↓' } : { tone: 'bad', mark: '✖' };
}

function stepRow({ name, when, host, state, note }: StepStatus): Row {
  const once = when ? [`once, ${onceText(when)}`] : [];
  const cells = [name, ...once, state, `on ${host}`, ...(note ? [note] : [])];
  return { depth: 1, ...toneOf(state), text: cells.join('  ') };
}

/** What a recovery found in the way of what it brought back. */
function asideRows({ recovery, steps }: Status): Row[] {
  return (recovery?.steps ?? []).flatMap(({ name, aside }) => {
    const host = steps.find((step) => step.name === name)?.host;
    return aside.map((path): Row => ({
      depth: 1,
      tone: 'quiet',
      mark: 'ⓘ',
      text: `what was there before ${name} came back lies on ${host} in`,
      code: path,
    }));
  });
}

/** One text for each balancer. */
export function trafficTexts(balancers: Record<string, HostTraffic>): string[] {
  return Object.entries(balancers).map(([name, facts]) => `${trafficText(facts)} at ${name}`);
}

function trafficText({ state, weight, sessions }: HostTraffic): string {
  return state === 'in' ? `in (weight ${weight})` : `${state}${sessions ? ` (${sessions} sessions)` : ''}`;
}

function waitingRows({ id, waitingFor }: Status, answerText: AnswerText): Row[] {
  if (!waitingFor) return [];
  const time = waitingFor.until.slice(0, 19).replace('T', ' ');
  const text = `${waitingFor.what} (until ${time} UTC, then ${waitingFor.then})`;
  return [
    { depth: 1, tone: 'busy', mark: '⏳', text, waits: true },
    ...waitingFor.answers.map(({ message, payload }): Row => ({
      depth: 2,
      tone: 'plain',
      mark: '',
      text: `${message}:`,
      code: answerText(id, message, payload),
      waits: true,
    })),
  ];
}
