// npm test [-- <stage or part of a path>… [--jest-flags…]]: all tests, stage by stage. A failed stage
// hides no later one; what failed is named at the end, and the last line on stdout sums up.
import { say } from '../lab/temporal/words';
import { choose, type Chosen } from './runner/choose';
import { inWords, nothing, sum, type Count } from './runner/count';
import { interruptJest, runJest } from './runner/jest';
import { removeLeftovers } from './runner/leftovers';

const args = process.argv.slice(2);
const firstFlag = args.findIndex((arg) => arg.startsWith('-'));
const words = firstFlag < 0 ? args : args.slice(0, firstFlag);
const flags = firstFlag < 0 ? [] : args.slice(firstFlag);

const counts: Count[] = [];
let interrupted: NodeJS.Signals | undefined;
const interruption = new AbortController();

async function main(): Promise<void> {
  const chosen = await choose(words).catch((error: Error) => {
    say(error.message);
    counts.push({ ...nothing, failed: [error.message] });
    return [];
  });
  for (const part of chosen) {
    if (interrupted) break;
    counts.push(await runStage(part));
    for (const leftover of await removeLeftovers())
      say(`${part.stage.name} left behind, now removed: ${leftover}`);
  }
  const total = sum(counts);
  process.exitCode = total.failed.length > 0 || interrupted ? 1 : 0;
  for (const name of total.failed) say(`failed: ${name}`);
  console.log(inWords(total));
}

/** Never throws: what goes wrong counts as one failure, so that the closing line cannot look green. */
async function runStage({ stage, files }: Chosen): Promise<Count> {
  const started = performance.now();
  say(`── ${stage.name}: ${files.length} files`);
  try {
    const count = await measure({ stage, files });
    say(`── ${stage.name}: ${inWords(count)}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return count;
  } catch (error) {
    const why = `stage ${stage.name}: ${(error as Error).message}`;
    say(`── FAILED: ${why}`);
    return { ...nothing, failed: [why] };
  }
}

async function measure({ stage, files }: Chosen): Promise<Count> {
  const obstacles = (await stage.obstacles?.()) ?? [];
  if (obstacles.length > 0) {
    for (const obstacle of obstacles) say(`skipped: stage ${stage.name}: ${obstacle}`);
    return { ...nothing, skipped: Math.max(files.length, 1) };
  }
  if (files.length === 0) throw new Error('it has no test files');
  await stage.prepare?.();
  const tests = () => {
    if (interrupted) throw new Error(`interrupted by ${interrupted}`);
    return runJest(stage, files, flags);
  };
  const count = await (stage.within ? stage.within(tests, interruption.signal) : tests());
  if (count.passed + count.failed.length === 0 && flags.length === 0) throw new Error('no test ran');
  return count;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = signal;
    interruption.abort();
    void interruptJest(signal);
  });
}

void main();
