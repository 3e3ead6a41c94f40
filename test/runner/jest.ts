import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { root, stateDir } from '../../lab/paths';
import { say } from '../../lab/temporal/words';
import { MARK } from './leftovers';
import type { Count } from './count';
import type { Stage } from './stages';

const JEST = join(root, 'node_modules/jest/bin/jest.js');
const LOOK_MS = 250;
/** Jest has written its results, but something that a test left open keeps it alive. */
const END_WITHIN_MS = 15_000;
const KILL_AFTER_MS = 5_000;
const WHY_CHARACTERS = 400;

interface TestResult {
  status: string;
  fullName: string;
  failureMessages: string[];
}

interface JestResults {
  numPassedTests: number;
  success: boolean;
  /** by file; one that could not even be loaded has failed and has no tests */
  testResults: { name: string; status: string; assertionResults: TestResult[] }[];
}

let running: ChildProcess | undefined;

/** Runs the test files in a process group of their own. Throws when jest crashed or took too long. */
export async function runJest(
  stage: Stage,
  files: readonly string[],
  flags: readonly string[],
): Promise<Count> {
  const output = join(stateDir, 'test', `${stage.name}.json`);
  await mkdir(dirname(output), { recursive: true });
  await rm(output, { force: true });
  const [name, mark] = MARK.split('=') as [string, string];
  const options = ['--ci', '--json', `--outputFile=${output}`, `--maxWorkers=${stage.workers}`, ...flags];
  const child = spawn(process.execPath, [JEST, ...options, '--runTestsByPath', ...files], {
    cwd: root,
    env: { ...process.env, [name]: mark },
    // Results come in the file; what people read comes on stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  running = child;
  try {
    await ended(child, output, stage.limitMinutes * 60_000);
  } finally {
    running = undefined;
  }
  return read(stage, output, child);
}

/** Passes a signal on to jest and all its workers, and sees that they end. */
export async function interruptJest(signal: NodeJS.Signals): Promise<void> {
  if (running) await endGroup(running, signal);
}

async function ended(child: ChildProcess, output: string, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  for (let written: number | undefined; isRunning(child); await sleep(LOOK_MS)) {
    const now = performance.now();
    if (!written && (await exists(output))) written = now;
    const stuck = written !== undefined && now > written + END_WITHIN_MS;
    if (!stuck && now < until) continue;
    say(
      stuck
        ? 'tests left something open and jest does not end: it is ended'
        : 'the time of this stage is over',
    );
    await endGroup(child, 'SIGTERM');
  }
}

async function endGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  signalGroup(child, signal);
  for (let waited = 0; isRunning(child) && waited < KILL_AFTER_MS; waited += LOOK_MS) await sleep(LOOK_MS);
  signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!isRunning(child) || child.pid === undefined) return;
  process.kill(-child.pid, signal);
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

async function read({ name }: Stage, output: string, child: ChildProcess): Promise<Count> {
  const text = await readFile(output, 'utf8').catch(() => undefined);
  if (!text) throw new Error(`jest ended without results (${child.signalCode ?? `code ${child.exitCode}`})`);
  const results = JSON.parse(text) as JestResults;
  // the name of a skipped test, or of the block around it, says why
  const skipped = named(results, ({ status }) => status === 'pending' || status === 'todo');
  for (const test of skipped) say(`skipped: ${test}`);
  const failed = [
    ...results.testResults
      .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
      .map((file) => `${relative(root, file.name)} could not be run`),
    ...named(results, ({ status }) => status === 'failed', why),
  ];
  // Jest fails a run for other reasons as well, such as an error in a global teardown.
  if (failed.length === 0 && !results.success) failed.push(`stage ${name}, and none of its tests`);
  return { passed: results.numPassedTests, failed, skipped: skipped.length };
}

function named(
  { testResults }: JestResults,
  wanted: (test: TestResult) => boolean,
  more: (test: TestResult) => string = () => '',
): string[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(wanted).map((test) => `${relative(root, name)}: ${test.fullName}${more(test)}`),
  );
}

/** What jest says of a failure without its stack: of a long output often only the end is kept. */
function why({ failureMessages: [message = ''] }: TestResult): string {
  const [says = ''] = stripVTControlCharacters(message).split(/\n\s+at /);
  return `: ${says.replaceAll(/\s+/g, ' ').slice(0, WHY_CHARACTERS)}`;
}
