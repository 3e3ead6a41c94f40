/** What is built is all that a container needs: no sources, no bundling at the start, nothing loaded that is off. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from '../../lab/paths';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { Server } from './server';

let folder: string;
let server: Server;
let worker: ChildProcess;

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'ignore' });
  folder = mkdtempSync(join(tmpdir(), 'pawl-image-'));
  // as the Dockerfile copies it
  mkdirSync(join(folder, 'src'));
  for (const part of ['bin', 'dist', 'package.json', 'src/host'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  server = await Server.start();
}, 120_000);
afterAll(async () => {
  worker?.kill('SIGKILL');
  await server?.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

it('runs a worker and the command line', async () => {
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: server.address,
    NODE_ENV: 'production',
    PAWL_LOG_LEVEL: 'info',
  };
  worker = spawn(process.execPath, ['dist/src/worker.js'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(worker.stdout!);
  const workflowId = `built-${randomUUID()}`;
  const handle = await server
    .client()
    .workflow.start('rollingUpgrade', { workflowId, taskQueue: TASK_QUEUE, args: [{}] });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'BadInput' } });
  worker.kill('SIGTERM');
  expect(await once(worker, 'exit')).toEqual([0, null]);
  const lines = (await said)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string });
  expect(lines.map(({ msg }) => msg)).not.toContainEqual(expect.stringContaining('bundled'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(
    execFileSync(process.execPath, ['bin/pawl.cjs', '--version'], { cwd: folder, encoding: 'utf8' }).trim(),
  ).toBe(version);
}, 60_000);

it('lists runs with encryption, whose converter is loaded by its path', () => {
  const key = randomBytes(32).toString('base64');
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: server.address,
    PAWL_ENCRYPTION_KEY: 'k1=env:THE_KEY',
    THE_KEY: key,
  };
  const said = execFileSync(process.execPath, ['bin/pawl.cjs', 'list', '--json'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  expect(said).toContain('built-');
}, 30_000);

it('says all mistakes of its settings and ends', async () => {
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: server.address,
    PAWL_BUILD_ID: 'a b',
    PAWL_METRICS_ADDRESS: 'x',
  };
  const wrong = spawn(process.execPath, ['dist/src/worker.js'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = text(wrong.stdout);
  expect(await once(wrong, 'exit')).toEqual([1, null]);
  expect(await said).toMatch(/PAWL_METRICS_ADDRESS.*PAWL_BUILD_ID|PAWL_BUILD_ID.*PAWL_METRICS_ADDRESS/);
});

it('loads nothing for traces that are off', () => {
  const program = `require('./dist/src/worker.js');
    console.log(Object.keys(require.cache).filter((file) => file.includes('opentelemetry')).length)`;
  expect(execFileSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' }).trim()).toBe('0');
});
