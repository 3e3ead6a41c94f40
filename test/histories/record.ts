/**
 * Records the histories of a release, once: node scripts/run.mjs test/histories/record [word in their names]
 *
 * Real runs on a lab of two hosts become `test/histories/<version>/<workflow>-<story>.json`. They stand for
 * the runs that are open somewhere when the next release comes, so a recorded file is never written again; those
 * that are not there yet are added.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Status } from '../../src/contracts/status';
import { ended, Ground, reached } from '../lab/ground';
import { scrubbed } from './scrub';

const NAME = 'test-chaos-record';
const BEFORE = '1.0.0';
/** While this file is on n2, its check fails. */
const REFUSAL = '/run/pawl-refusal';
const SPOILT = { badPath: '/path/one' };
const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };

interface Story {
  input?: object;
  /** a release that spoils /path/one */
  spoilt?: boolean;
  /** what people do meanwhile */
  people?: (run: WorkflowHandle, ground: Ground) => Promise<void>;
  /** another change holds the hosts already; `cut`: it is terminated while n1 is out */
  behind?: { cut: boolean };
  end: string;
}

/** In this order: the last one leaves a host out. */
const STORIES: Record<string, Story> = {
  planned: { input: { dryRun: true }, end: 'planned' },
  aborted: { input: { soakSeconds: 600 }, people: abortInSoak, end: 'Aborted' },
  rolledBack: { input: { checks: [PATH_ONE] }, spoilt: true, end: 'RolledBack' },
  succeeded: { end: 'succeeded' },
  approvedAndPaused: {
    input: { approvals: ['before', 'afterFirstBatch'], soakSeconds: 600 },
    people: approveAndPause,
    end: 'succeeded',
  },
  triedAgain: {
    input: {
      checks: [{ name: 'not-refused', command: ['test', '!', '-e', REFUSAL] }],
      onFailure: 'ask',
    },
    people: tryAgain,
    end: 'succeeded',
  },
  queued: { behind: { cut: false }, end: 'succeeded' },
  queuedForRepair: { behind: { cut: true }, end: 'succeeded' },
  frozen: { input: { checks: [PATH_ONE], onFailure: 'freeze' }, spoilt: true, end: 'Frozen' },
};

async function abortInSoak(run: WorkflowHandle): Promise<void> {
  await reached(run, ({ phase }) => phase === 'soaking');
  await run.signal('abort', { by: 'anna', undo: true });
}

async function approveAndPause(run: WorkflowHandle): Promise<void> {
  await run.signal('pause', { by: 'anna', note: 'lunch' });
  await reached(run, ({ phase }) => phase === 'paused');
  await run.executeUpdate('resume', { args: [{ by: 'anna' }] });
  await reached(run, ({ phase }) => phase === 'awaitingApproval');
  await run.executeUpdate('approve', { args: [{ by: 'boris' }] });
  await reached(run, ({ phase }) => phase === 'soaking');
  await run.signal('no such message', {});
  await run.executeUpdate('extend', { args: [{ by: 'anna', minutes: 1 }] });
  await run.executeUpdate('promote', { args: [{ by: 'anna' }] });
  await reached(run, ({ phase }) => phase === 'awaitingApproval');
  await run.signal('approve', { by: 'boris' });
}

async function tryAgain(run: WorkflowHandle, ground: Ground): Promise<void> {
  await ground.inside('n2', 'touch', REFUSAL);
  await reached(run, ({ waitingFor }) => waitingFor?.answers[0]?.message === 'retry');
  await ground.inside('n2', 'rm', REFUSAL);
  await run.executeUpdate('retry', { args: [{ by: 'anna', host: 'n2' }] });
}

/** Histories by the names of their files. */
type Recorded = Record<string, string>;

/** It only looks, and ends by itself. */
async function recordDoctor(ground: Ground): Promise<Recorded> {
  const run = await ground.client.workflow.start('doctor', {
    taskQueue: TASK_QUEUE,
    workflowId: 'doctor',
    args: [{ cluster: ground.cluster }],
  });
  await run.result();
  return { 'doctor-well': scrubbed(await run.fetchHistory()) };
}

/** A change that holds the hosts, its lease, and the repair that follows when it is cut off. */
async function ahead(ground: Ground, version: string, name: string, { cut }: { cut: boolean }) {
  const artifact = await makeRelease({ version });
  const checks = [{ name: 'takes-its-time', command: ['sleep', '3'] }];
  const first = await ground.start({ version, artifact, checks }, `upgrade-${version}`);
  await reached(first, ({ hosts }) => hosts[0]?.state === 'checking');
  const { workflow } = ground.client;
  const { runId } = await workflow.getHandle(`lease:${NAME}`).describe();
  const lease = workflow.getHandle(`lease:${NAME}`, runId);
  return async (): Promise<Recorded> => {
    if (cut) await first.terminate('recorded');
    if (cut) await reached(lease, ({ line }) => line?.holders[0]?.id.startsWith('repair-') ?? false);
    const { line } = await lease.query<Status>('status');
    const holder = workflow.getHandle(line!.holders[0]!.id);
    await lease.result();
    return {
      [`lease-${name}`]: scrubbed(await lease.fetchHistory()),
      ...(cut && { [`repair-${name}`]: scrubbed(await holder.fetchHistory()) }),
    };
  };
}

async function record(ground: Ground, name: string, version: string): Promise<Recorded> {
  const story = STORIES[name]!;
  const others = story.behind && (await ahead(ground, `${version}-first`, name, story.behind));
  const artifact = await makeRelease({ version, behaviour: story.spoilt ? SPOILT : {} });
  const run = await ground.start({ version, artifact, ...story.input }, `upgrade-${version}`);
  await story.people?.(run, ground);
  if (others) await reached(run, ({ phase }) => phase === 'queued');
  const met = others?.();
  const { end, message } = await ended(run);
  if (end !== story.end) throw new Error(`ended as ${end} instead of ${story.end}: ${message}`);
  return { [`rollingUpgrade-${name}`]: scrubbed(await run.fetchHistory()), ...(await met) };
}

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const folder = join(root, 'test/histories', version);
  let count = 0;
  const recorders: Record<string, (ground: Ground) => Promise<Recorded>> = {
    ...Object.fromEntries(
      Object.keys(STORIES).map((name) => [
        `rollingUpgrade-${name}`,
        (ground: Ground) => record(ground, name, `${BEFORE}-h${(count += 1)}`),
      ]),
    ),
    'doctor-well': recordDoctor,
  };
  const [word = ''] = process.argv.slice(2);
  const missing = Object.entries(recorders).filter(
    ([name]) => name.includes(word) && !existsSync(join(folder, `${name}.json`)),
  );
  if (missing.length === 0) throw new Error('all are recorded already, and never again');
  const ground = await Ground.up(NAME, 2);
  try {
    await mkdir(folder, { recursive: true });
    for (const [, recorder] of missing) {
      for (const [file, history] of Object.entries(await recorder(ground))) {
        await writeFile(join(folder, `${file}.json`), history, { flag: 'wx' });
        console.log(`${file}: ${(history.length / 1024).toFixed(0)} KiB`);
      }
    }
  } finally {
    await ground.remove();
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
