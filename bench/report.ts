import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { stateDir } from '../lab/paths';
import { machineFacts } from './machine';
import type { Proven } from './proof';
import { spread } from './statistics';
import type { Tool } from './tools/tool';

export interface Measured extends Omit<Proven<unknown>, 'result'> {
  seconds: number;
  phases: Record<string, number>;
  /** load average when it began */
  load: number;
}

export interface Outcome {
  tool: Tool;
  /** why it could not be had */
  skipped?: string;
  measured: Measured[];
}

/** Prints the table, writes `.pawl/bench/<date>.json`. @returns false when some work was not as it should be */
export async function report(outcomes: Outcome[]): Promise<boolean> {
  const floor = middle(outcomes.find(({ tool }) => tool.isFloor));
  const table = new Table({
    head: ['tool', 'median', 'least', 'most', '× the floor', 'a host out', 'requests', 'failed', 'load'],
    colAligns: ['left', ...Array<'right'>(8).fill('right')],
    style: { head: [], border: [] },
  });
  for (const outcome of outcomes) table.push(row(outcome, floor));
  console.log(`\n${table.toString()}`);
  for (const { tool } of outcomes) console.log(`${tool.name}: ${tool.about}`);
  for (const { tool, measured } of outcomes) tellPhases(tool, measured);
  const wrong = outcomes.flatMap(({ tool, measured }) =>
    measured.flatMap(({ wrong }) => wrong.map((words) => `${tool.name}: ${words}`)),
  );
  for (const words of wrong) console.log(`WRONG ${words}`);
  const file = await write(outcomes, floor);
  console.log(`\nwritten to ${file}`);
  return wrong.length === 0 && outcomes.some(({ measured }) => measured.length > 0);
}

function row({ tool, skipped, measured }: Outcome, floor: number | undefined) {
  const seconds = spread(measured.map(({ seconds }) => seconds));
  if (!seconds) return [tool.name, { colSpan: 8, content: `skipped: ${skipped ?? 'it was not asked for'}` }];
  const out = spread(measured.flatMap(({ rotation }) => Object.values(rotation.outMs)))!;
  const loads = measured.map(({ load }) => load);
  const sum = (count: (one: Measured) => number) => measured.reduce((all, one) => all + count(one), 0);
  return [
    tool.name,
    ...[seconds.median, seconds.least, seconds.most].map((value) => `${value.toFixed(2)} s`),
    floor === undefined ? '' : (seconds.median / floor).toFixed(2),
    `${Math.round(out.median)} ms`,
    sum(({ requests }) => requests.sent).toLocaleString('en'),
    sum(({ requests }) => requests.failed),
    `${Math.min(...loads)}–${Math.max(...loads)}`,
  ];
}

function tellPhases(tool: Tool, measured: Measured[]): void {
  const names = Object.keys(measured[0]?.phases ?? {});
  if (!names.length) return;
  const words = names.map((name) => {
    const seconds = spread(measured.map(({ phases }) => phases[name] ?? 0))!;
    return `${name} ${seconds.median.toFixed(2)} s`;
  });
  console.log(`phases of the ${tool.name}, medians over all hosts: ${words.join(', ')}`);
}

function middle(outcome: Outcome | undefined): number | undefined {
  return spread(outcome?.measured.map(({ seconds }) => seconds) ?? [])?.median;
}

async function write(outcomes: Outcome[], floor: number | undefined): Promise<string> {
  const seconds = Object.fromEntries(
    outcomes.flatMap((outcome) => {
      const median = middle(outcome);
      return median === undefined ? [] : [[outcome.tool.name, median]];
    }),
  );
  const ratios = Object.fromEntries(
    Object.entries(seconds).map(([name, value]) => [name, floor === undefined ? null : value / floor]),
  );
  const at = new Date().toISOString();
  const all = {
    at,
    machine: await machineFacts(),
    seconds,
    ratios,
    tools: Object.fromEntries(
      outcomes.map(({ tool, ...rest }) => [tool.name, { about: tool.about, ...rest }]),
    ),
  };
  const folder = join(stateDir, 'bench');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${at.replace(/[-:]/g, '').slice(0, 15)}.json`);
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`);
  return file;
}
