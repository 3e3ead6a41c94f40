/**
 * npm run demo: six real hosts behind a real HAProxy are upgraded under load; then a bad release is found
 * in the first batch and undone by itself. What the clients of the service saw stands in the report.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import pc from 'picocolors';
import { LabError } from './error';
import type { Load } from './load';
import { startLoad } from './load';
import { root, stateDir } from './paths';
import { makeRelease } from './service';
import type { Behaviour } from './service';
import type { Stack } from './stack';
import { stackUp } from './stack';

/** Requests a second; long ones come on top. */
const RATE = 300;
/** An eight-second request begins this often. */
const SLOW_EVERY_MS = 3_000;
/** The demo is impatient: these are shorter than the defaults, and the plan says so. */
const PROFILE = { minHealthySeconds: 1, soakSeconds: 2, watchSeconds: 2, unreachableSeconds: 60 };
/** The first host gets some 50 requests a second: they prove 2 % in 3 s, and the default of 0.1 % in a minute. */
const GATE = {
  availabilityPercent: 98,
  errorRatePercent: 2,
  // all hosts share the processors of one machine, with the load itself
  hostCpuPercent: 100,
  p95ToleranceMs: 100,
};

interface RunReport {
  id: string;
  phase: string;
  expected: string;
  hosts: { name: string; version: string; state: string; balancers: unknown }[];
  seconds: number;
  requests: { sent: number; failed: number };
}

async function main(): Promise<boolean> {
  const started = performance.now();
  console.log(pc.bold('Pawl demo: a rolling upgrade of six real hosts under load\n'));
  const stack = await stackUp();
  const now = await servedVersion(stack);
  const next = now === '1.1.0' ? '1.2.0' : '1.1.0';
  const load = await startLoad({
    url: `http://${balancer(stack)}/`,
    rate: RATE,
    slow: { everyMs: SLOW_EVERY_MS },
  });
  console.log(`${pc.green('✔')} load: ${RATE} requests/s, and one of 8 s every ${SLOW_EVERY_MS / 1_000} s`);
  console.log(`\nFollow it in Temporal's UI: ${pc.cyan(stack.temporal.uiUrl ?? '')}\n`);
  try {
    const runs = [
      await upgrade(load, `good release: ${now} → ${next}`, 'succeeded', next),
      await upgrade(load, 'bad release: 2.0.0 breaks /path/one', 'rolledBack', '2.0.0', {
        badPath: '/path/one',
      }),
    ];
    const total = await load.stop();
    const ok =
      runs.every(({ phase, expected }) => phase === expected) && total.failed === 0 && serves(runs, next);
    await writeReport({
      ok,
      runs,
      requests: { sent: total.sent, failed: total.failed, slow: total.slow },
      failures: total.failures,
    });
    conclude(ok, runs, total, (performance.now() - started) / 1_000);
    return ok;
  } finally {
    await load.stop().catch(() => undefined);
  }
}

/** Starts a run as a person would, watches it live, and counts what the clients saw meanwhile. */
async function upgrade(
  load: Load,
  title: string,
  expected: string,
  version: string,
  behaviour?: Behaviour,
): Promise<RunReport> {
  console.log(pc.bold(`\n${title}`));
  const artifact = await makeRelease({ version, behaviour });
  const input = join(stateDir, 'demo', `upgrade-${version}.json`);
  await mkdir(join(stateDir, 'demo'), { recursive: true });
  await writeFile(input, JSON.stringify({ ...template(), version, artifact }, null, 2));
  const id = `demo-${version}-${new Date().toISOString().replace(/[-:]/g, '').slice(0, 15)}`;
  const before = await load.snapshot();
  const started = performance.now();
  await pawl(['start', 'rollingUpgrade', '-f', input, '--id', id, '--watch'], 'inherit');
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const after = await load.snapshot();
  const { phase, hosts } = JSON.parse(await pawl(['get', id, '--json'], 'pipe')) as RunReport;
  const requests = { sent: after.sent - before.sent, failed: after.failed - before.failed };
  return { id, phase, expected, hosts, seconds, requests };
}

function template() {
  return {
    cluster: 'examples/lab/cluster.yaml',
    service: 'web',
    batches: [1, '30%', '100%'],
    maxUnavailable: 1,
    drain: { deadlineSeconds: 30, onDeadline: 'putBack' },
    checks: [
      { name: 'home', http: { path: '/' } },
      { name: 'path-one', http: { path: '/path/one' } },
    ],
    ...PROFILE,
    gate: GATE,
  };
}

/** The command as people type it. Its exit code is the run's end, which the report judges. */
function pawl(args: string[], stdout: 'inherit' | 'pipe'): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'bin/pawl.cjs'), ...args], {
    cwd: root,
    stdio: ['ignore', stdout, 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

const balancer = ({ lab }: Stack) => lab.hosts.find(({ role }) => role === 'balancer')?.address ?? '';

function servedVersion(stack: Stack): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${balancer(stack)}/version`, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve(body.trim()));
      })
      .on('error', (error) => reject(new LabError(`the service does not answer: ${error.message}`)));
  });
}

function serves(runs: RunReport[], version: string): boolean {
  return runs.every(({ hosts }) => hosts.length > 0 && hosts.every((host) => host.version === version));
}

async function writeReport(report: object): Promise<void> {
  await writeFile(join(stateDir, 'demo', 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}

function conclude(
  ok: boolean,
  runs: RunReport[],
  total: { sent: number; failed: number; slow: { sent: number } },
  seconds: number,
): void {
  console.log('');
  for (const { id, phase, expected, seconds, requests } of runs) {
    const mark = phase === expected ? pc.green('✔') : pc.red('✖');
    console.log(
      `${mark} ${id} ended as ${pc.bold(phase)} in ${seconds} s: ${requests.sent} requests, ${requests.failed} failed`,
    );
  }
  const mark = ok ? pc.green('✔') : pc.red('✖');
  console.log(
    `${mark} ${total.sent} requests sent in all, ${total.slow.sent} of them of 8 s; ${pc.bold(`${total.failed} failed`)}`,
  );
  console.log(
    `\n${seconds.toFixed(0)} s in all. Report: .pawl/demo/report.json. Everything stays up to try things; ${pc.bold('npm run down')} removes it.`,
  );
}

main().then(
  (ok) => (process.exitCode = ok ? 0 : 1),
  (error: Error) => {
    console.error(pc.red(error.message));
    process.exitCode = 1;
  },
);
