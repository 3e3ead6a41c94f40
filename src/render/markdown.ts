import type { Examination } from '../contracts/examination';
import type { Diffs, Status } from '../contracts/status';
import { examinationRows } from './examination';
import { withFewerHosts } from './fewer-hosts';
import type { AnswerText, Row } from './rows';
import { statusRows } from './rows';

/** The UI passes the text on in an address, and proxies before it cut those at 8 KiB. */
const MOST_HOSTS = 24;
const MOST_ALIKE = 20;
/** Characters of diffs. */
const MOST_DIFF = 2_500;
/** Characters of code type that its pane shows on a screen of 1,400 pixels. */
const PANE = 58;
/** Signs that not every browser has a letter for, or that the words beside them make needless. */
const UNDRAWN = ['⏳', 'ⓘ'];

const justJson: AnswerText = (_id, _message, payload) => JSON.stringify(payload);

/**
 * Status as Markdown for Temporal's Current Details: first what it waits for, with the JSON to paste, then
 * the rest. Columns stand in a code block, because its tables have no padding; its lists have one level, and a
 * new line in a paragraph stays one.
 */
export function statusMarkdown(status: Status): string {
  const [head, ...rows] = statusRows(withFewerHosts(status, MOST_HOSTS), justJson);
  if (!head) return '';
  const facts = rows.filter((row) => row.mark === '' && row.depth === 1 && !row.code);
  const waits = rows.filter((row) => row.waits);
  const table = rows.filter(({ cells }) => cells);
  const others = rows.filter((row) => !facts.includes(row) && !row.waits && !row.cells);
  return [
    [
      `**${head.mark} ${escaped(head.text)}**`,
      ...facts.flatMap(({ text }) => text.split('\n').map(escaped)),
    ].join('\n'),
    ...(waits.length ? waiting(waits) : status.endedAt || status.line ? [] : [HOW_TO_STEER]),
    ...(table.length ? [['```', ...tableLines(table), '```'].join('\n')] : []),
    // two lists in a row would be drawn as one
    ...(waits.length && others.length && !table.length ? ['**So far:**'] : []),
    ...(others.length ? [list(others)] : []),
    ...diffBlocks(status.diffs ?? byHand(status.drift)),
  ].join('\n\n');
}

/** What people have made of files; of diffs that are not carried along the report says how many there are. */
const byHand = (drift: Status['drift']): Diffs | undefined => drift && { shown: drift.diffs, more: 0 };

/** The last, because they may be long; what has no room is in the report. */
function diffBlocks(diffs: Diffs | undefined): string[] {
  if (!diffs) return [];
  let [room, left] = [MOST_DIFF, diffs.more];
  const blocks = diffs.shown.flatMap(({ hosts, text }) => {
    const lines = text.split('\n');
    const kept = lines.slice(
      0,
      Math.max(
        0,
        lines.findIndex((line) => (room -= line.length + 1) < 0),
      ),
    );
    const shown = room < 0 ? kept : lines;
    left += lines.length - shown.length;
    if (shown.length === 0) return [];
    return [`**on ${escaped(hosts.join(', '))}**`, ['```diff', ...shown.map(fenced), '```'].join('\n')];
  });
  return left > 0 ? [...blocks, `and ${left} more lines: \`pawl report\` has them`] : blocks;
}

/** What `doctor` found, each with its command. */
export function examinationMarkdown(examination: Examination): string {
  const [head, ...rows] = examinationRows(examination);
  return [`**${head?.mark ?? ''} ${escaped(head?.text ?? '')}**`, list(rows)].join('\n\n');
}

const HOW_TO_STEER =
  'To steer it: *More Actions → Send an Update*, whose list shows the JSON of each message.';

function waiting([what, ...answers]: Row[]): string[] {
  const how = answers.length ? '\nTo answer: *More Actions → Send an Update*, with one of' : '';
  return [
    `**Waiting:** ${escaped(what?.text ?? '')}${how}`,
    ...(answers.length
      ? [answers.map(({ text, code }) => `- **${text}** \`${code ?? ''}\``).join('\n')]
      : []),
  ];
}

/** Of each kind so many; what belongs together stays together. */
function list(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  const lines = rows.flatMap((row) => {
    const count = (counts.get(row.mark) ?? 0) + 1;
    counts.set(row.mark, count);
    if (count <= MOST_ALIKE) return [listLine(row)];
    const more = rows.filter(({ mark }) => mark === row.mark).length - MOST_ALIKE;
    return count === MOST_ALIKE + 1 ? [`- and ${more} more, which the query \`status\` shows`] : [];
  });
  return lines.join('\n');
}

function listLine({ depth, mark, text, code }: Row): string {
  const signs = [depth > 1 ? '↳' : '', UNDRAWN.includes(mark) ? '' : mark];
  const words = [...signs, escaped(text)].filter(Boolean).join(' ');
  return `- ${words}${code ? ` \`${code}\`` : ''}`;
}

/** Columns below each other; those that do not fit stand below their row. */
function tableLines(rows: readonly Row[]): string[] {
  const all = rows.map(({ cells = [] }) => cells.map((cell) => oneLine(cell.trim())));
  const widths: number[] = [];
  for (const cells of all) cells.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.flatMap(({ mark }, row) => {
    const cells = all[row] ?? [];
    const padded = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0));
    const line = (count: number) => `${mark} ${padded.slice(0, count).join('  ')}`.trimEnd();
    let fitting = cells.length;
    while (fitting > 1 && line(fitting).length > PANE) fitting -= 1;
    const below = cells.slice(fitting).flatMap((cell) => wrapped(cell, PANE - 4));
    return [line(fitting), ...below.map((part) => `    ${part}`)];
  });
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A fence in a file would end the block. */
const fenced = (line: string) => line.replaceAll('```', "'''");

/** A new line, or a fence, in words from outside would end the block they stand in. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ').replaceAll('```', "'''");

function escaped(text: string): string {
  return oneLine(text).replace(/[*_`[\]<>|\\#]/g, '\\$&');
}
