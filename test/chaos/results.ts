/** Outcomes on disk, so that a long grid goes on where it was cut; the table and the summary made of them. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, stateDir } from '../../lab/paths';
import type { Outcome } from './play';

const folder = join(stateDir, 'chaos');
const RESULTS = join(folder, 'results.jsonl');
const SUMMARY = join(folder, 'summary.md');

/** Everything that runs in a worker and on hosts: an outcome of another build proves nothing. */
export const build = digestOf(join(root, 'dist/src'));

/** Outcomes of this build by case; the last one counts. */
export function known(): Map<string, Outcome> {
  const lines = read(RESULTS).split('\n').filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line) as Outcome & { build: string });
  return new Map(entries.filter((entry) => entry.build === build).map((entry) => [entry.case, entry]));
}

export function keep(outcome: Outcome): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(RESULTS, `${JSON.stringify({ build, at: new Date().toISOString(), ...outcome })}\n`);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function digestOf(place: string): string {
  const files = readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(place.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

/** One row for each fault and activity. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const [fault = '', activity = ''] = outcome.case.split(' ');
    const key = `${fault} | ${activity}`;
    rows.set(key, [...(rows.get(key) ?? []), outcome]);
  }
  return [
    '| fault | in | cases | wrong | late | away, s | goes on after, s: median | most | requests | failed | most out |',
    '|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...[...rows].map(([key, list]) => `| ${key} | ${figures(list)} |`),
    `| **all** | | ${figures(outcomes)} |`,
  ].join('\n');
}

/** Of all that is known of this build; whoever ends last writes it whole. */
export function writeSummary(): void {
  const outcomes = [...known().values()];
  const day = new Date().toISOString().slice(0, 10);
  mkdirSync(folder, { recursive: true });
  writeFileSync(SUMMARY, `${outcomes.length} cases, ${day}, build ${build}\n\n${table(outcomes)}\n`);
}

function figures(list: readonly Outcome[]): string {
  const sorted = (figure: 'away' | 'goesOn') => list.map((outcome) => outcome[figure]).sort((a, b) => a - b);
  const median = (all: number[]) => (all[Math.floor(all.length / 2)] ?? 0).toFixed(1);
  const total = (count: (outcome: Outcome) => number) =>
    list.reduce((sum, outcome) => sum + count(outcome), 0);
  return [
    list.length,
    list.filter(({ ok }) => !ok).length,
    list.filter(({ late }) => late).length,
    median(sorted('away')),
    median(sorted('goesOn')),
    (sorted('goesOn').at(-1) ?? 0).toFixed(1),
    total(({ requests }) => requests.sent),
    total(({ requests }) => requests.failed),
    Math.max(...list.map(({ mostOut }) => mostOut)),
  ].join(' | ');
}
