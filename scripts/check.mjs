// npm run check: everything that can be said about the code without running it. All tools run, as many
// at once as there are cores; a failed one does not hide the others.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { root, say, seconds } from './ground.mjs';
import { list } from './transpile.mjs';

/** Far above what they need, so that a busy machine is not taken for a failure. */
const TOOL_LIMIT_MS = 600_000;
const PRETTIER_CACHE = [
  '--cache',
  '--cache-strategy=content',
  '--cache-location=node_modules/.cache/prettier-check',
];
/** What did not change, nor depends on what did, is not checked again. */
const TYPES_CACHE = ['--incremental', '--tsBuildInfoFile', 'node_modules/.cache/types.tsbuildinfo'];
/** sh -n reads its first file only. */
const EACH_FILE = 'bad=0; for file do sh -n "$file" || bad=1; done; exit $bad';
const bin = (name, ...args) => [join(root, 'node_modules/.bin', name), ...args];

/** Longest first, so that no core waits at the end. */
async function tools() {
  const folders = await foldersWithCode();
  const programs = (await list([join(root, 'src/host')])).filter((file) => file.endsWith('.sh'));
  return [
    { name: 'lint', command: bin('eslint', '--max-warnings=0', '.') },
    { name: 'types', command: bin('tsc', '--noEmit', '--pretty', 'false', ...TYPES_CACHE) },
    { name: 'layers', command: bin('depcruise', '--config', '.dependency-cruiser.cjs', ...folders) },
    {
      name: 'layers at run time',
      command: bin('depcruise', '--config', '.dependency-cruiser.runtime.cjs', 'src'),
    },
    { name: 'dead code', command: bin('knip', '--no-progress') },
    { name: 'format', command: bin('prettier', '--check', '--log-level=warn', ...PRETTIER_CACHE, '.') },
    ...shellChecks(programs),
  ];
}

async function foldersWithCode() {
  const files = await list(['src', 'lab', 'test', 'bench'].map((folder) => join(root, folder)));
  const code = files.filter((file) => file.endsWith('.ts'));
  return [...new Set(code.map((file) => relative(root, file).split('/')[0]))];
}

function shellChecks(programs) {
  if (programs.length === 0) return [];
  const syntax = { name: 'shell syntax', command: ['sh', '-c', EACH_FILE, 'sh', ...programs] };
  if (onPath('shellcheck')) {
    return [syntax, { name: 'shellcheck', command: ['shellcheck', '--shell=sh', ...programs] }];
  }
  say('shellcheck is not installed: host programs are checked with sh -n only');
  return [syntax];
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const running = new Set();

function runTool({ name, command: [program, ...args] }) {
  const started = performance.now();
  const output = [];
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TOOL_LIMIT_MS,
    });
    running.add(child);
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    child.once('error', (error) => output.push(Buffer.from(error.message)));
    child.once('close', (code, signal) => {
      running.delete(child);
      const words = Buffer.concat(output).toString().trim();
      resolve({ name, passed: code === 0, ended: signal ?? `code ${code}`, took: seconds(started), words });
    });
  });
}

function tell({ name, passed, ended, took, words }) {
  console.log(passed ? `ok      ${name} (${took})` : `FAILED  ${name} (${ended}, ${took})\n${words}\n`);
}

async function check() {
  await ensureDependencies();
  const started = performance.now();
  const waiting = await tools();
  const results = [];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runTool(next);
      tell(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const failed = results.filter(({ passed }) => !passed);
  console.log(
    failed.length === 0
      ? `all ${results.length} checks passed in ${seconds(started)}`
      : `${failed.length} of ${results.length} checks failed in ${seconds(started)}: ${failed.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(1);
  });
}

try {
  await check();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
