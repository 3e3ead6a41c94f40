/** npm run bench: the same upgrade by several tools in one run, in turn, because machines are noisy. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stateDir } from '../lab/paths';
import { say } from '../lab/temporal/words';
import { loadNow } from './machine';
import { proven } from './proof';
import { report, type Outcome } from './report';
import { Stand } from './stand';
import { ansibles } from './tools/ansible';
import { pawl } from './tools/pawl';
import { shell } from './tools/shell';
import type { Tool } from './tools/tool';

/** In the order of a round. */
const TOOLS: readonly Tool[] = [shell, pawl, ...ansibles];

/** No further round begins that would end later than this after the start, milliseconds. */
const BUDGET = 9.5 * 60_000;

/** @returns false when some work was not as it should be */
export async function compare({ rounds, only }: { rounds: number; only?: string[] }): Promise<boolean> {
  const begun = performance.now();
  await mkdir(join(stateDir, 'bench'), { recursive: true });
  const stand = await Stand.up();
  const outcomes: Outcome[] = TOOLS.filter(({ name }) => !only || only.includes(name)).map((tool) => ({
    tool,
    measured: [],
  }));
  try {
    for (const outcome of outcomes) {
      outcome.skipped = await outcome.tool.prepare(stand);
      if (outcome.skipped) say(`${outcome.tool.name} is skipped: ${outcome.skipped}`);
    }
    const there = outcomes.filter(({ skipped }) => !skipped);
    // the first time of everything is slower and no figure: connections, caches
    for (const { tool } of there) await measure(stand, tool, 'to warm up');
    for (let round = 1; round <= rounds; round += 1) {
      const started = performance.now();
      for (const { tool, measured } of there)
        measured.push(await measure(stand, tool, `round ${round} of ${rounds}`));
      const took = performance.now() - started;
      if (round < rounds && performance.now() - begun + took > BUDGET) {
        say(`${round} rounds of ${rounds}: there is no time for another one`);
        break;
      }
    }
    for (const { tool } of there) await tool.end(stand);
  } finally {
    await Stand.down();
  }
  return report(outcomes);
}

async function measure(stand: Stand, tool: Tool, when: string) {
  const release = await stand.newRelease();
  await stand.tidy();
  const load = loadNow();
  const { result, ...seen } = await proven(stand, release, async () => {
    const started = performance.now();
    const phases = await tool.upgrade(stand, release);
    // a tool that looks its phases up afterwards is not charged for that
    const seconds = tool.wholeOf?.(phases) ?? (performance.now() - started) / 1_000;
    return { seconds, phases };
  });
  say(
    `${when}: ${tool.name} ${result.seconds.toFixed(2)} s${seen.wrong.length ? `, WRONG: ${seen.wrong.join('; ')}` : ''}`,
  );
  return { ...result, ...seen, load };
}
