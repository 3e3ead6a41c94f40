import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { root } from '../../lab/paths';
import { pawl } from '../../src/cli/program';
import type { Status } from '../../src/contracts/status';
import { sight } from '../render/sights';
import { FakeCluster, fails } from '../workflows/harness';
import { imagined, Live } from './live';
import { Recorder } from './recorder';

let live: Live;
let cluster: FakeCluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-live-'));
  live = await Live.start();
  process.env.TEMPORAL_ADDRESS = live.server.address;
  process.env.PAWL_UI_URL = 'http://ui.test';
  await live.startWorker(imagined(() => cluster));
}, 180_000);

afterAll(async () => {
  delete process.env.TEMPORAL_ADDRESS;
  delete process.env.PAWL_UI_URL;
  await live?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

beforeEach(async () => {
  // a run that an earlier test left going would work on the same imagined hosts
  await live.endRuns();
  cluster = new FakeCluster(['n1', 'n2']);
});

/** Nothing is waited for where a test does not ask for it. */
const quick = {
  cluster: 'fake.yaml',
  service: 'web',
  version: '2.0.0',
  artifact: { file: 'web.tar.gz' },
  batches: [1, '100%'],
  minHealthySeconds: 0,
  soakSeconds: 0,
  watchSeconds: 0,
  gate: { enabled: false },
};

function input(more: Record<string, unknown> = {}): string {
  const path = join(folder, 'input.json');
  writeFileSync(path, JSON.stringify({ ...quick, ...more }));
  return path;
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new Recorder();
  const code = await pawl(args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}

let started = 0;
async function start(more: Record<string, unknown> = {}, ...flags: string[]): Promise<string> {
  const { code, out } = await run(
    'start',
    'rollingUpgrade',
    '-f',
    input(more),
    '--json',
    '--id',
    `run-${(started += 1)}`,
    ...flags,
  );
  expect(code).toBe(0);
  return (JSON.parse(out) as { id: string }).id;
}

async function untilStatus(id: string, reached: (status: Status) => boolean): Promise<Status> {
  for (let looks = 0; looks < 100; looks += 1) {
    const { out } = await run('get', id, '--json');
    const status = JSON.parse(out) as Status;
    if (reached(status)) return status;
    await delay(50);
  }
  throw new Error(`${id} did not get there`);
}

const waits = ({ waitingFor }: Status) => waitingFor !== null;

describe('plan', () => {
  it('shows what would be done, and touches nothing', async () => {
    const { code, out } = await run('plan', 'rollingUpgrade', '-f', input());
    expect(code).toBe(0);
    expect(out).toContain('web → 2.0.0 on fake: 2 hosts in 2 batches, at most 1 out at a time\n');
    expect(out).toMatch(/plan hash [0-9a-f]{64}\n/);
    expect(out).toContain('    n1  1.0.0 → 2.0.0  in (weight 100) at edge  1000 MiB free\n');
    expect(cluster.journal).toEqual([]);
  });

  it('is the plan itself as JSON, the same that the run then has', async () => {
    const { out } = await run('plan', 'rollingUpgrade', '-f', input(), '--json');
    const { hash } = JSON.parse(out) as { hash: string };
    const id = await start();
    expect((await untilStatus(id, ({ endedAt }) => endedAt !== null)).planHash).toBe(hash);
  });

  it('lists every mistake in the input', async () => {
    const { code, out, err } = await run(
      'plan',
      'rollingUpgrade',
      '-f',
      input({ batches: ['0%'], service: '-x' }),
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^pawl: 2 mistakes in the input; nothing was touched\n/);
    expect(err).toMatch(/✖ service +-x +letters, digits/);
    expect(err).toMatch(/✖ batches\.0 +0% +a whole percentage/);
  });
});

describe('start', () => {
  it('says the id, where to look, and how to follow', async () => {
    const { code, out } = await run('start', 'rollingUpgrade', '-f', input());
    expect(code).toBe(0);
    expect(out).toMatch(
      /^started (upgrade-web-2\.0\.0-\d{8}T\d{4})\n {2}http:\/\/ui\.test\/namespaces\/default\/workflows\/\1\n {2}follow it: pawl get \1 --watch\n$/,
    );
  });

  it('gives runs of the same minute ids of their own, and says so', async () => {
    const runs = [];
    // three fit into a minute, or two of them into the next
    for (let count = 0; count < 3; count += 1)
      runs.push(await run('start', 'rollingUpgrade', '-f', input({ version: '3.0.0' })));
    const ids = runs.map(({ out }) => /started (\S+)/.exec(out)?.[1]);
    expect(new Set(ids).size).toBe(3);
    const numbered = runs.find(({ out }) => /T\d{4}-2\n/.test(out));
    expect(numbered?.err).toMatch(/^there is a run (\S+) already; this one is \1-2\n$/);
  });

  it('refuses an id that is taken, even by a run that has ended', async () => {
    const id = await start();
    await untilStatus(id, ({ endedAt }) => endedAt !== null);
    const { code, err } = await run('start', 'rollingUpgrade', '-f', input(), '--id', id);
    expect({ code, err }).toEqual({
      code: 2,
      err: `pawl: there is a run ${id} already; \`pawl get ${id}\` shows it\n`,
    });
  });

  it.each([
    { args: ['rollingUpgrad', '-f', '/dev/null'], says: 'there is no workflow type rollingUpgrad' },
    { args: ['rollingUpgrade'], says: 'say what to start: a workflow type with its input' },
    { args: ['-f', '/dev/null'], says: 'say what to start: a workflow type with its input' },
    {
      args: ['-f', '/dev/null', '--plan', '/dev/null'],
      says: 'give an input with --file or a plan with --plan',
    },
    { args: ['--plan', '/dev/null'], says: '/dev/null is not whole' },
    {
      args: ['rollingUpgrade', '-f', '/dev/null'],
      says: '/dev/null must hold one object, and holds nothing',
    },
  ])('refuses $args', async ({ args, says }) => {
    const { code, out, err } = await run('start', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`pawl: ${says}`);
  });
});

describe('a plan in a file', () => {
  let file: string;
  beforeEach(async () => {
    file = join(folder, 'plan.json');
    const { code, out } = await run('plan', 'rollingUpgrade', '-f', input(), '--output', file);
    expect(code).toBe(0);
    expect(out).toContain(`start it: pawl start --plan ${file} --watch\n`);
  });

  it('is run while it is true', async () => {
    const { hash } = JSON.parse(readFileSync(file, 'utf8')) as { hash: string };
    const { code, out } = await run('start', '--plan', file, '--json');
    expect(code).toBe(0);
    const { id } = JSON.parse(out) as { id: string };
    const { phase, planHash } = await untilStatus(id, ({ endedAt }) => endedAt !== null);
    expect({ phase, planHash }).toEqual({ phase: 'succeeded', planHash: hash });
  });

  it.each([['--watch'], []])(
    'is refused field by field when it is not, before any effect: start --plan … %s',
    async (...flags) => {
      cluster = new FakeCluster(['n1', 'n2', 'n3']);
      const { code, out } = await run('start', '--plan', file, ...flags);
      expect(code).toBe(2);
      expect(out).toMatch(
        /✖ failed: .*\n {2}the plan is not true any more: [0-9a-f]{12} was asked for, and it would be/,
      );
      expect(out).toMatch(/✖ hosts\.n3 +n3 +was nothing when it was planned\n/);
      expect(out).toMatch(/✖ batches\.1\.adds +\["n2","n3"\] +was \["n2"\] when it was planned\n/);
      expect(cluster.journal).toEqual([]);
    },
  );

  it('is refused when it stopped being true while a yes was waited for', async () => {
    const path = input({ approvals: ['before'] });
    await run('plan', 'rollingUpgrade', '-f', path, '--output', file);
    const { out } = await run('start', '--plan', file, '--json');
    const { id } = JSON.parse(out) as { id: string };
    await untilStatus(id, waits);
    cluster = new FakeCluster(['n1', 'n2', 'n3']);
    expect((await run('approve', id)).code).toBe(0);
    const watched = await run('get', id, '--watch');
    expect(watched.code).toBe(2);
    expect(watched.out).toContain('✖ hosts.n3');
    expect(cluster.journal).toEqual([]);
  });

  it('of another type is refused', async () => {
    const { code, err } = await run('start', 'nodeOffline', '--plan', file);
    expect({ code, err }).toEqual({
      code: 2,
      err: `pawl: ${file} is a plan of rollingUpgrade, not of nodeOffline\n`,
    });
  });
});

describe('the ends of a watched run', () => {
  const watched = (more: Record<string, unknown> = {}) =>
    run('start', 'rollingUpgrade', '-f', input(more), '--watch', '--id', `run-${(started += 1)}`);

  it('succeeded is 0', async () => {
    const { code, out, err } = await watched();
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(err).toMatch(/^started run-\d+\n$/);
    expect(out).toMatch(/✔ succeeded: web → 2\.0\.0 on fake\n {2}web runs 2\.0\.0 on 2 hosts/);
    expect(out).toContain('✔ n2  2.0.0  done         in (weight 100) at edge');
  });

  it('rolled back is 3, with the reason', async () => {
    cluster.trouble['proveHealthy n1'] = () => {
      delete cluster.trouble['proveHealthy n1'];
      return fails('Unhealthy', 'n1 answers 500 at /health')();
    };
    const { code, out } = await watched();
    expect(code).toBe(3);
    expect(out).toContain(
      '↩ rolledBack: web → 2.0.0 on fake\n  n1 answers 500 at /health; everything is as it was',
    );
    expect(cluster.versions).toEqual({ n1: '1.0.0', n2: '1.0.0' });
  });

  it('frozen is 1, with what is left to do', async () => {
    cluster.trouble['proveHealthy n1'] = fails('Unhealthy', 'n1 answers 500 at /health');
    const { code, out } = await watched({ onFailure: 'freeze' });
    expect(code).toBe(1);
    expect(out).toMatch(/✖ frozen: .*/);
    expect(out).toContain(
      '→ n1 is failed (2.0.0, out at edge); look at its service ssh n1 systemctl status web.service',
    );
  });

  it('bad input is 2, one line for each mistake', async () => {
    const { code, out } = await watched({ batches: ['0%'], service: '-x' });
    expect(code).toBe(2);
    expect(out).toMatch(
      /✖ failed: .*\n {2}✖ service +-x +letters.*\n {2}✖ batches\.0 +0% +a whole percentage/,
    );
  });

  it('a run that was terminated is 1, with what to look at', async () => {
    const id = await start({ approvals: ['before'] });
    await untilStatus(id, waits);
    const connection = await Connection.connect({ address: live.server.address });
    await new Client({ connection }).workflow.getHandle(id).terminate('by hand');
    await connection.close();
    const { code, out } = await run('get', id, '--watch');
    expect(code).toBe(1);
    expect(out).toContain('ended without a report');
    expect(out).toContain('back in rotation and healthy: n1, n2');
  });
});

describe('a report', () => {
  const gated = { gate: { enabled: true, holdSeconds: 60 } };
  const page = join(tmpdir(), `pawl-report-${process.pid}.html`);
  afterAll(() => rmSync(page, { force: true }));

  it('of a change that is over has its end, its gates with charts, and every step with its time', async () => {
    cluster.sees = (nth) => sight(nth + 2);
    const id = await start(gated);
    expect((await run('get', id, '--watch')).code).toBe(0);
    const { code, err } = await run('report', id, '--html', page);
    expect([code, err]).toEqual([0, expect.stringMatching(/report-\d+\.html: succeeded, \d+ KiB/)]);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('gate after batch 1');
    expect(text.match(/<svg /g)).toHaveLength(10);
    for (const step of ['n1: stage 2.0.0', 'n2: back into rotation', 'check the input, look at hosts'])
      expect(text).toMatch(new RegExp(`${step}[^]{0,200}?<td class="number">\\+\\d`));
    expect(text).not.toMatch(/Waiting for|under way/);
  });

  it('of one that goes on says what it waits for', async () => {
    const id = await start({ approvals: ['before'] });
    await run('get', id, '--watch', '--no-wait');
    expect((await run('report', id, '--html', page)).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/Waiting for[^]*pawl approve run-\d+/);
    const { out } = await run('report', id);
    expect(out).toMatch(/^\*\*◐ awaitingApproval: web/);
  });

  it('that cannot be written, and one of a run that is not there, are mistakes', async () => {
    const id = await start();
    const { code, err } = await run('report', id, '--html', join(folder, 'no/such/page.html'));
    expect([code, err]).toEqual([2, expect.stringContaining('page.html cannot be written: ENOENT')]);
    expect((await run('report', 'nobody', '--html', page)).code).toBe(2);
  });
});

describe('messages', () => {
  it('approves the plan that was read, and no other', async () => {
    const id = await start({ approvals: ['before'] });
    const { planHash } = await untilStatus(id, waits);
    const waiting = await run('get', id, '--watch', '--no-wait');
    expect(waiting.code).toBe(4);
    expect(waiting.out).toContain(`approve: pawl approve ${id} --plan-hash ${planHash?.slice(0, 12)}`);
    const wrong = await run('approve', id, '--plan-hash', '00000000');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('that is an approval for another plan');
    const right = await run('approve', id, '--plan-hash', planHash ?? '', '--by', 'alice');
    expect(right).toEqual({ code: 0, out: '✔ approved: before\n', err: '' });
    expect((await run('get', id, '--watch')).code).toBe(0);
  });

  it('aborts with undo: the watch ends with 5, and later messages are answered in words', async () => {
    cluster.trouble['proveHealthy n1'] = () => delay(2_000);
    const id = await start();
    const watching = run('get', id, '--watch', '--json');
    await untilStatus(id, ({ hosts }) => hosts.some(({ state }) => state === 'checking'));
    const { code, out } = await run('abort', id, '{"by":"bob","undo":true,"note":"wrong day"}', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      id,
      message: 'abort',
      taken: true,
      answer: 'recorded; touched hosts are put back',
    });
    const { code: end, out: lines } = await watching;
    expect(end).toBe(5);
    const looks = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Status);
    expect(looks.at(-1)).toMatchObject({
      phase: 'aborted',
      summary: 'stopped by bob: wrong day; everything is as it was',
    });
    expect(new Set(lines.trim().split('\n')).size).toBe(looks.length);
    const late = await run('pause', id);
    expect(late).toEqual({ code: 2, out: '', err: `✖ ${id} ended as aborted; nothing was done\n` });
  });

  it('tells of a refused message what is wrong with it', async () => {
    const id = await start({ approvals: ['before'] });
    await untilStatus(id, waits);
    expect((await run('skip', id)).err).toContain(
      'either host or step. An example: {"by":"you","host":"n1"}',
    );
    expect((await run('resume', id)).err).toBe('✖ the change is not paused\n');
    expect((await run('reject', id, '--note', 'not today')).code).toBe(0);
    expect((await run('get', id, '--watch')).code).toBe(5);
  });

  it.each(['get', 'pause'])('%s names the running ones most like an unknown id', async (command) => {
    const id = await start({ approvals: ['before'] });
    await untilStatus(id, waits);
    // lists lag behind by a moment
    await delay(1_000);
    const { code, err } = await run(command, `${id}-old`);
    expect(code).toBe(2);
    expect(err).toContain(`pawl: there is no run ${id}-old; running now: ${id}`);
    await run('abort', id);
  });
});

describe('get and list', () => {
  it('is one JSON object', async () => {
    const id = await start();
    const status = await untilStatus(id, ({ endedAt }) => endedAt !== null);
    expect(status).toMatchObject({
      workflow: 'rollingUpgrade',
      id,
      phase: 'succeeded',
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      hosts: [
        {
          name: 'n1',
          version: '2.0.0',
          state: 'done',
          balancers: { edge: { state: 'in', weight: 100, sessions: 0 } },
        },
        { name: 'n2' },
      ],
      waitingFor: null,
      leftToDo: [],
    });
  });

  it('lists runs newest first', async () => {
    const older = await start();
    await untilStatus(older, ({ endedAt }) => endedAt !== null);
    cluster = new FakeCluster(['n1', 'n2']);
    const newer = await start();
    await untilStatus(newer, ({ endedAt }) => endedAt !== null);
    await delay(1_000);
    const { code, out } = await run('list', '--json');
    expect(code).toBe(0);
    const runs = JSON.parse(out) as { id: string; phase: string; service: string; progress: number }[];
    const ids = runs.map(({ id }) => id);
    expect(ids.indexOf(newer)).toBeLessThan(ids.indexOf(older));
    expect(runs.find(({ id }) => id === newer)).toMatchObject({
      phase: 'succeeded',
      service: 'web',
      progress: 1,
    });
    const { out: table } = await run('list');
    expect(table).toMatch(/^ID +PHASE +SERVICE +STARTED +PROGRESS\n/);
    expect(table).toMatch(new RegExp(`\\n${newer} +✔ succeeded +web +\\d+ s ago +100%\\n`));
  });
});

describe('as a process', () => {
  const program = join(root, 'bin/pawl.cjs');
  const env = () => ({ ...process.env, NO_COLOR: '', FORCE_COLOR: '' });

  beforeAll(
    () => promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')], { timeout: 120_000 }),
    130_000,
  );

  it('leaves the run alone on Ctrl-C, and says how to come back', async () => {
    const id = await start({ approvals: ['before'] });
    const child = spawn(process.execPath, [program, 'get', id, '--watch'], { env: env() });
    let [out, err] = ['', ''];
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await new Promise<void>((resolve) =>
      child.stdout.on('data', (bytes: Buffer) => {
        out += bytes.toString();
        if (out.includes('pawl approve')) resolve();
      }),
    );
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(err).toBe(`${id} goes on; \`pawl get ${id} --watch\` shows it again\n`);
    // no colours and no cursor codes where nobody looks
    expect(out).not.toContain('\u001b');
    expect((await untilStatus(id, waits)).phase).toBe('awaitingApproval');
    await run('abort', id);
  });

  it('says in one sentence where Temporal is not', async () => {
    const failed = promisify(execFile)(process.execPath, [program, 'list'], {
      env: { ...env(), TEMPORAL_ADDRESS: '127.0.0.1:1' },
      timeout: 15_000,
    });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'pawl: Temporal cannot be reached at 127.0.0.1:1; `npm run up` starts one here, TEMPORAL_ADDRESS names another\n',
    });
  });

  it('has help with examples and exit codes, and a version', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--help'], { env: env() });
    for (const words of ['pawl start rollingUpgrade -f', 'Exit codes', 'rolled back', '  pause <id> [json]'])
      expect(stdout).toContain(words);
    const { stdout: version } = await promisify(execFile)(process.execPath, [program, '--version'], {
      env: env(),
    });
    expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

// the last ones: they take the worker away
describe('without a worker', () => {
  it('says so, shows what the server knows, and goes on when there is one again', async () => {
    const id = await start({ approvals: ['before'] });
    await untilStatus(id, waits);
    await live.stopWorker();
    const silent = await run('get', id);
    expect(silent.code).toBe(1);
    expect(silent.out).toMatch(/◐ awaitingApproval: web on fake\n/);
    expect(silent.out).toMatch(/✖ no worker answers; running since .* UTC; `npm run up` starts one here/);
    const pause = await run('pause', id);
    expect(pause.code).toBe(1);
    expect(pause.err).toContain(`${id} gave no answer in 10 s: no worker answers`);
    const watching = run('get', id, '--watch');
    await delay(500);
    await live.startWorker(imagined(() => cluster));
    await untilStatus(id, waits);
    expect((await run('abort', id)).code).toBe(0);
    expect((await watching).code).toBe(5);
  }, 60_000);
});
