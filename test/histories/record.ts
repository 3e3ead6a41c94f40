/**
 * Records the histories of a release, once: node scripts/run.mjs test/histories/record [--unreleased] [words in their names]
 *
 * Real runs on a lab of two hosts become `test/histories/<version>/<workflow>-<story>.json`; what goes on as a new run
 * has a file for each. They stand for the runs that are open somewhere when the next release comes, so a recorded file is never written again; those
 * that are not there yet are added. `--unreleased` stand in the folder of that name until the next release is recorded.
 */
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { root } from '../../lab/paths';
import { makeRelease } from '../../lab/service';
import { leaseId } from '../../src/contracts/lease';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Phase, Status } from '../../src/contracts/status';
import { syncRunId } from '../../src/contracts/config-sync';
import { commitConfig, tagConfig } from '../chaos/centre';
import { backedUp, catalogue, through } from '../lab/backups';
import { ended, Ground, reached } from '../lab/ground';
import { scrubbed } from './scrub';
import { current, recordHealthWatch } from './watch-story';

const NAME = 'test-chaos-record';
const UNRELEASED = '--unreleased';
const BEFORE = '1.0.0';
/** While this file is on n2, its check fails. */
const REFUSAL = '/run/pawl-refusal';
const SPOILT = { badPath: '/path/one' };
const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };
const NOT_REFUSED = { name: 'not-refused', command: ['test', '!', '-e', REFUSAL] };
/** Nobody sends requests, so its evidence never comes; how busy the machine is does not matter. */
const HOLDS = { enabled: true, hostCpuPercent: 100, holdSeconds: 3_600 };
const EXPAND = { name: 'expand', when: 'before', command: ['true'], undo: ['true'] };
const CONTRACT = { name: 'contract', when: 'after', host: 'n2' };

interface Story {
  input?: object;
  /** a release that spoils /path/one */
  spoilt?: boolean;
  /** what people do meanwhile */
  people?: (run: WorkflowHandle, ground: Ground) => Promise<void>;
  /** another change holds the hosts already; `cut`: it is terminated while n1 is out */
  behind?: { cut: boolean };
  /** its cluster file names channels: one that takes messages, and one that nobody answers at */
  told?: boolean;
  /** events after which it goes on as a new run */
  longAfter?: number;
  end: string;
}

/** In this order: the last one leaves a host out. */
const STORIES: Record<string, Story> = {
  planned: { input: { dryRun: true }, end: 'planned' },
  aborted: { input: { soakSeconds: 600 }, people: abortWhile('soaking'), end: 'Aborted' },
  rolledBack: { input: { checks: [PATH_ONE] }, spoilt: true, end: 'RolledBack' },
  succeeded: { end: 'succeeded' },
  approvedAndPaused: {
    input: { approvals: ['before', 'afterFirstBatch'], soakSeconds: 600 },
    people: approveAndPause,
    end: 'succeeded',
  },
  triedAgain: {
    input: {
      checks: [NOT_REFUSED],
      onFailure: 'ask',
    },
    people: tryAgain,
    end: 'succeeded',
  },
  queued: { behind: { cut: false }, end: 'succeeded' },
  queuedForRepair: { behind: { cut: true }, end: 'succeeded' },
  gateHeld: { input: { gate: HOLDS }, people: promoteEach, end: 'succeeded' },
  withinBudget: {
    input: { checks: [NOT_REFUSED], batches: ['100%'], failureBudget: 1 },
    people: refuseOne,
    end: 'succeeded',
  },
  stepsDone: { input: { runOnce: [EXPAND, { ...CONTRACT, command: ['true'] }] }, end: 'succeeded' },
  stepsTakenBack: { input: { checks: [PATH_ONE], runOnce: [EXPAND] }, spoilt: true, end: 'RolledBack' },
  told: { told: true, input: { checks: [PATH_ONE] }, spoilt: true, end: 'RolledBack' },
  noReturn: { input: { runOnce: [EXPAND, { ...CONTRACT, command: ['false'] }] }, end: 'Frozen' },
  // one host takes some fifty events, and as many come before
  continued: {
    input: { batches: ['100%'], watchSeconds: 600 },
    longAfter: 60,
    people: abortWhile('watching'),
    end: 'Aborted',
  },
  gray: { input: { batches: [{ to: 1, share: 20 }, { to: 1, share: 40 }, '100%'] }, end: 'succeeded' },
  behindPage: {
    input: { strategy: 'parallel', maintenance: { minutes: 10, content: 'a new database' } },
    end: 'succeeded',
  },
  frozen: { input: { checks: [PATH_ONE], onFailure: 'freeze' }, spoilt: true, end: 'Frozen' },
};

function abortWhile(awaited: Phase) {
  return async (run: WorkflowHandle): Promise<void> => {
    await reached(run, ({ phase }) => phase === awaited);
    await run.signal('abort', { by: 'anna', undo: true });
  };
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

async function promoteEach(run: WorkflowHandle): Promise<void> {
  for (const index of [1, 2]) {
    await reached(
      run,
      ({ batch, waitingFor }) => batch?.index === index && !!waitingFor?.what.includes('holds until'),
    );
    await run.executeUpdate('promote', { args: [{ by: 'anna' }] });
  }
}

async function refuseOne(run: WorkflowHandle, ground: Ground): Promise<void> {
  await ground.inside('n2', 'touch', REFUSAL);
  await reached(run, ({ hosts }) => hosts[1]?.state === 'undone');
  await ground.inside('n2', 'rm', REFUSAL);
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

/** The cluster file once more, with channels. */
async function clusterWithChannels({ cluster }: Ground): Promise<string> {
  const path = cluster.replace(/\.yaml$/, '-told.yaml');
  const channels = {
    kept: { kind: 'file', folder: 'told' },
    deaf: { kind: 'webhook', url: 'http://127.0.0.1:1/' },
  };
  await writeFile(path, `${await readFile(cluster, 'utf8')}\n${stringify({ notifications: { channels } })}`);
  return path;
}

/** Both channels answer, each in its way. */
async function recordNotifyTest(ground: Ground): Promise<Recorded> {
  const run = await ground.client.workflow.start('notifyTest', {
    taskQueue: TASK_QUEUE,
    workflowId: 'notify-test',
    args: [{ cluster: await clusterWithChannels(ground), by: 'anna' }],
  });
  await run.result();
  return { 'notifyTest-answers': scrubbed(await run.fetchHistory()) };
}

/** A change that holds the hosts, its lease, and the repair that follows when it is cut off. */
async function ahead(ground: Ground, version: string, name: string, { cut }: { cut: boolean }) {
  const artifact = await makeRelease({ version });
  const checks = [{ name: 'takes-its-time', command: ['sleep', '3'] }];
  const first = await ground.start({ version, artifact, checks }, `upgrade-${version}`);
  await reached(first, ({ hosts }) => hosts[0]?.state === 'checking');
  const { workflow } = ground.client;
  const lease = await current(ground, leaseId(NAME));
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
  const cluster = story.told ? { cluster: await clusterWithChannels(ground) } : {};
  const run = await ground.start({ version, artifact, ...story.input, ...cluster }, `upgrade-${version}`);
  await story.people?.(run, ground);
  if (others) await reached(run, ({ phase }) => phase === 'queued');
  const met = others?.();
  const { end, message } = await ended(run);
  if (end !== story.end) throw new Error(`ended as ${end} instead of ${story.end}: ${message}`);
  return { ...(await lives(ground, run, `rollingUpgrade-${name}`)), ...(await met) };
}

/** A run's history, and those of the runs that it went on as. */
async function lives(ground: Ground, { workflowId, firstExecutionRunId }: WorkflowHandleWithFirstExecutionRunId, name: string) {
  const recorded: Recorded = {};
  let next: string | null | undefined = firstExecutionRunId;
  for (let life = 1; next; life += 1) {
    const history = await ground.client.workflow.getHandle(workflowId, next).fetchHistory();
    recorded[life > 1 ? `${name}-${life}` : name] = scrubbed(history);
    next = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return recorded;
}

/** Of changes that take hosts out and bring them in; in this order, n2 is where the one before left it. */
interface NodeStory {
  input: object;
  people?: (run: WorkflowHandle, ground: Ground) => Promise<void>;
  end: string;
}
const WHY = { reason: 'a new disk', by: 'anna' };
const OUT = { hosts: ['n2'], ...WHY };
const EMERGENCY = { mode: 'emergency', ...WHY };
const RAMP = [0, 50, 100].map((percent) => ({ percent, seconds: 1 }));
const NODE_STORIES: Record<string, NodeStory> = {
  'nodeOffline-undone': { input: OUT, people: strangerMeanwhile, end: 'RolledBack' },
  'nodeOffline-succeeded': { input: OUT, end: 'succeeded' },
  'nodeOnline-outAgain': {
    input: { hosts: ['n2'], ramp: RAMP, gate: { ...HOLDS, holdSeconds: 1 } },
    end: 'RolledBack',
  },
  'nodeOnline-promoted': {
    input: { hosts: ['n2'], ramp: RAMP, gate: HOLDS, approvals: ['before'] },
    people: approveAndPromote,
    end: 'succeeded',
  },
  'nodeReplacement-emergency': { input: { ...EMERGENCY, host: 'n2' }, end: 'succeeded' },
  // it is out: its unit runs, and it runs what n1 runs
  'nodeReplacement-planned': {
    input: { mode: 'planned', old: 'n1', new: 'n2', ...WHY, ramp: RAMP, gate: { enabled: false }, watchSeconds: 1 },
    end: 'succeeded',
  },
};

/** Something else listens on the service's port. */
async function strangerMeanwhile(run: WorkflowHandle, ground: Ground): Promise<void> {
  const listen = `import socket, time
one = socket.socket(socket.AF_INET6)
one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
one.bind(('::1', 8080))
one.listen()
time.sleep(60)`;
  await ground.inside('n2', 'systemd-run', '-q', '--unit=stranger', 'python3', '-c', listen);
  await reached(run, ({ phase }) => phase === 'rollingBack');
  await ground.inside('n2', 'systemctl', 'stop', 'stranger');
}

async function approveAndPromote(run: WorkflowHandle): Promise<void> {
  await reached(run, ({ phase }) => phase === 'awaitingApproval');
  await run.executeUpdate('approve', { args: [{ by: 'boris' }] });
  for (const percent of [50, 100]) {
    await reached(run, ({ summary }) => summary.startsWith(`gate of n2 at ${percent} % holds`));
    await run.executeUpdate('promote', { args: [{ by: 'anna' }] });
  }
}

/** What people do meanwhile, its end as it must be, and then its history. */
async function told(
  ground: Ground,
  run: WorkflowHandleWithFirstExecutionRunId,
  name: string,
  { people, end }: NodeStory,
): Promise<Recorded> {
  await people?.(run, ground);
  const found = await ended(run);
  if (found.end !== end) throw new Error(`ended as ${found.end} instead of ${end}: ${found.message}`);
  return lives(ground, run, name);
}

async function recordNodes(ground: Ground, name: string): Promise<Recorded> {
  const story = NODE_STORIES[name]!;
  const [type = ''] = name.split('-');
  const run = await ground.startAs(type, story.input, name);
  return told(ground, run, name, story);
}

/** Of maintenance, told to two channels. */
const CLOSED = { start: 'now', durationMinutes: 60, content: 'a new disk' };
const MAINTENANCE_STORIES: Record<string, NodeStory> = {
  'maintenanceMode-planned': { input: { ...CLOSED, dryRun: true }, end: 'planned' },
  'maintenanceMode-extended': { input: CLOSED, people: extendAndEnd, end: 'succeeded' },
  'maintenanceMode-aborted': { input: CLOSED, people: abortWhile('running'), end: 'Aborted' },
  'maintenanceMode-calledOff': { input: CLOSED, people: callOff, end: 'Aborted' },
};

async function extendAndEnd(run: WorkflowHandle): Promise<void> {
  await reached(run, ({ waitingFor }) => !!waitingFor);
  await run.executeUpdate('extend', { args: [{ by: 'anna', minutes: 10 }] });
  await reached(run, ({ messages, waitingFor }) => messages.length > 0 && !!waitingFor);
  await run.executeUpdate('promote', { args: [{ by: 'anna' }] });
}

/** Once people were told of it. */
async function callOff(run: WorkflowHandle): Promise<void> {
  await reached(run, ({ summary }) => summary.startsWith('waits for'));
  await delay(6_000);
  await run.signal('abort', { by: 'anna', undo: true });
}

async function recordMaintenance(ground: Ground, name: string): Promise<Recorded> {
  const story = MAINTENANCE_STORIES[name]!;
  const ahead = { start: new Date(Date.now() + 3_605_000).toISOString(), announce: ['48h', '60m'] };
  const cluster = await clusterWithChannels(ground);
  const times = story.people === callOff ? ahead : {};
  const run = await ground.startAs('maintenanceMode', { ...story.input, ...times, cluster }, name);
  return told(ground, run, name, story);
}

/** A rollback that goes ahead of an upgrade: half of the hosts have it, or it has closed the service. */
const ROLLBACK_STORIES: Record<string, { input: object; at: (status: Status) => boolean }> = {
  ahead: { input: { soakSeconds: 600 }, at: ({ phase }) => phase === 'soaking' },
  behindPage: {
    input: STORIES['behindPage']!.input!,
    at: ({ hosts }) => hosts.some(({ state }) => state === 'checking'),
  },
};

async function recordRollback(ground: Ground, name: string): Promise<Recorded> {
  const { input, at } = ROLLBACK_STORIES[name]!;
  const version = `${BEFORE}-${name}`;
  const artifact = await makeRelease({ version, behaviour: { startMs: 4_000 } });
  const upgrade = await ground.start({ version, artifact, ...input }, `upgrade-${version}`);
  await reached(upgrade, at);
  const lease = await current(ground, leaseId(NAME));
  const run = await ground.startAs('emergencyRollback', { reason: 'orders fail', by: 'anna' });
  const { end, message } = await ended(run);
  if (end !== 'succeeded') throw new Error(`ended as ${end}: ${message}`);
  await ended(upgrade);
  await lease.result();
  return {
    ...(await lives(ground, run, `emergencyRollback-${name}`)),
    ...(await lives(ground, upgrade, `rollingUpgrade-gaveWay-${name}`)),
    [`lease-${name}`]: scrubbed(await lease.fetchHistory()),
  };
}

/** Blue/green, to a host that was taken out before. */
const SETS_STORIES: Record<string, NodeStory> = {
  'rollingUpgrade-switchedBack': {
    input: { blueGreen: { warmSeconds: 600 } },
    people: async (run) => {
      await reached(run, ({ summary }) => summary.includes('kept warm'), 60_000);
      await run.executeUpdate('abort', { args: [{ by: 'anna', undo: true }] });
    },
    end: 'Aborted',
  },
  'rollingUpgrade-switchedOver': { input: { blueGreen: { warmSeconds: 1 } }, end: 'succeeded' },
};

async function recordSets(ground: Ground, name: string): Promise<Recorded> {
  const story = SETS_STORIES[name]!;
  if ((await ground.servers())['n2'] === 'UP') await ended(await ground.startAs('nodeOffline', OUT));
  const version = `${BEFORE}-${name.split('-')[1]}`;
  const artifact = await makeRelease({ version });
  const run = await ground.start({ version, artifact, strategy: 'blueGreen', ...story.input }, name);
  return told(ground, run, name, story);
}

/** Files of the example service; with some it does not start. */
const SHORT = {
  ...{ drain: { deadlineSeconds: 60 }, minHealthySeconds: 1, soakSeconds: 1, watchSeconds: 1 },
  gate: { enabled: false },
};
const RECORD = { what: 'a', why: 'b', impact: 'c', rollback: 'd' };
const FILES = { revision: 'main', record: RECORD, batches: [1, '100%'], ...SHORT };
const CONFIG_STORIES: Record<string, NodeStory & { settings: string }> = {
  'configCanary-planned': { input: { dryRun: true }, settings: '{ "nonce": 1 }', end: 'planned' },
  'configCanary-succeeded': { input: {}, settings: '{ "nonce": 2 }', end: 'succeeded' },
  'configCanary-rolledBack': { input: {}, settings: 'no JSON', end: 'RolledBack' },
};

/** A release that is new to all hosts; its change goes on by itself. */
async function recordSync(ground: Ground, name: string): Promise<Recorded> {
  await commitConfig(ground, '{ "nonce": 3 }');
  await tagConfig(ground, 'web/1');
  const options = { taskQueue: TASK_QUEUE, workflowId: name, args: [{ cluster: ground.cluster }] };
  const run = await ground.client.workflow.start('configSync', options);
  const recorded = await told(ground, run, name, { input: {}, end: 'succeeded' });
  const { end, message } = await ended(ground.client.workflow.getHandle(syncRunId(ground.name, 'web/1')));
  if (end !== 'succeeded') throw new Error(`its change ended as ${end}: ${message}`);
  return recorded;
}

/** Version and files in one step on each host, and both of before back at once. */
const PAIR_STORIES: Record<string, (ground: Ground) => Promise<[type: string, input: object]>> = {
  'rollingUpgrade-withFiles': async (ground) => {
    await commitConfig(ground, '{ "nonce": 4 }');
    const version = `3.0.${Date.now()}`;
    const config = { revision: 'main', record: RECORD };
    return ['rollingUpgrade', { ...SHORT, version, artifact: await makeRelease({ version }), config }];
  },
  'emergencyRollback-withFiles': () =>
    Promise.resolve(['emergencyRollback', { reason: 'orders fail', by: 'anna' }]),
};

async function recordPair(ground: Ground, name: string): Promise<Recorded> {
  const [type, input] = await PAIR_STORIES[name]!(ground);
  return told(ground, await ground.startAs(type, input, name), name, { input, end: 'succeeded' });
}

async function recordConfig(ground: Ground, name: string): Promise<Recorded> {
  const { settings, ...story } = CONFIG_STORIES[name]!;
  await commitConfig(ground, settings);
  return told(ground, await ground.startAs('configCanary', { ...FILES, ...story.input }, name), name, story);
}

/** On hosts that never had any of it: nobody is told, people are told, and a change is started besides. */
const DRIFT_STORIES: Record<string, object> = {
  'configDrift-looked': { dryRun: true },
  'configDrift-told': {},
  'configDrift-corrected': { correct: true },
};

async function recordDrift(ground: Ground, name: string): Promise<Recorded> {
  await commitConfig(ground, `{ "nonce": 3, "for": "${name}" }`);
  const input = { revision: 'main', cluster: await clusterWithChannels(ground), ...DRIFT_STORIES[name] };
  const run = await ground.startAs('configDrift', input, name);
  const { report, message } = await ended(run);
  if (!report.drift?.findings.length) throw new Error(`found nothing: ${message}`);
  const recorded = await lives(ground, run, name);
  if (report.drift.correction) {
    const correction = ground.client.workflow.getHandle(report.drift.correction);
    await reached(correction, ({ phase }) => phase === 'soaking', 60_000);
    await correction.executeUpdate('abort', { args: [{ by: 'anna', undo: false }] });
    await ended(correction);
  }
  return recorded;
}

const SOURCES = {
  'shop-data': { kind: 'mariadb', host: 'db1', method: 'physical' },
  nothing: { kind: 'folders', host: 'db1', folders: ['/nowhere'] },
};

interface BackupStory {
  /** on db1 */
  before?: string;
  input: object;
  end: string;
}

/** Only their own hosts are looked at, and nobody is asked. */
const RECOVERS = { approvals: [], onFailure: 'freeze' };
/** What was never backed up is there, and a table of what was is not. */
const DISASTER = `mkdir -p /nowhere && systemctl stop mariadb && rm /var/lib/mysql/mysql/user.frm /var/lib/mysql/ibdata1`;

/**
 * A full one and one that builds on it; one that fails at both its attempts; what there is then; a drill; a restore; a database
 * that comes back, and a package that cannot, because no repository has it.
 */
const BACKUP_STORIES: Record<string, BackupStory> = {
  'backup-full': { input: { source: 'shop-data' }, end: 'succeeded' },
  'backup-incremental': { input: { source: 'shop-data', kind: 'incremental' }, end: 'succeeded' },
  'backup-failed': {
    input: { source: 'nothing', pauseSeconds: 1 },
    end: 'Failed',
  },
  'backups-looked': { input: {}, end: 'succeeded' },
  'restoreDrill-proven': { input: { source: 'shop-data' }, end: 'succeeded' },
  'restore-brought': { input: { source: 'shop-data' }, end: 'succeeded' },
  'disasterRecovery-recovered': { before: DISASTER, input: { ...RECOVERS, hosts: ['db1'] }, end: 'succeeded' },
  'disasterRecovery-frozen': { before: 'rm /usr/bin/rclone', input: { ...RECOVERS, hosts: ['db1'] }, end: 'Frozen' },
};

/** Of one host, so that nobody serves meanwhile; the backup is younger than a minute, or is taken. */
async function recordFresh(ground: Ground, name: string): Promise<Recorded> {
  const version = `${BEFORE}-fresh`;
  const backups = [{ source: 'shop-data', maxAgeMinutes: 1 }];
  const input = { version, artifact: await makeRelease({ version }), backups, consent: 'a test' };
  const run = await ground.start(input, name);
  return told(ground, run, name, { input, end: 'succeeded' });
}

async function recordBackup(ground: Ground, name: string): Promise<Recorded> {
  const { before, input, end } = BACKUP_STORIES[name]!;
  const known = await catalogue(ground, 'shop-data');
  if (!name.startsWith('backup') && known.length === 0) await through(ground, 'backup', 'shop-data');
  if (before) await ground.inside('db1', 'sh', '-c', before);
  const [type = ''] = name.split('-');
  const options = { taskQueue: TASK_QUEUE, workflowId: name, args: [{ cluster: ground.cluster, ...input }] };
  const run = await ground.client.workflow.start(type, options);
  return told(ground, run, name, { input, end });
}

interface Recorder {
  name: string;
  /** those of one stage are recorded on the same hosts, in their order */
  stage: 'upgrades' | 'hosts' | 'rollback' | 'sets' | 'watch' | 'maintenance' | 'config' | 'backups';
  longAfter?: number;
  record(ground: Ground): Promise<Recorded>;
}

const RECORDERS: Recorder[] = [
  ...Object.entries(STORIES).map(
    ([name, { longAfter }], index): Recorder => ({
      name: `rollingUpgrade-${name}`,
      stage: 'upgrades',
      longAfter,
      record: (ground) => record(ground, name, `${BEFORE}-h${index + 1}`),
    }),
  ),
  ...Object.keys(NODE_STORIES).map((name): Recorder => ({
    name,
    stage: 'hosts',
    record: (ground) => recordNodes(ground, name),
  })),
  ...Object.keys(ROLLBACK_STORIES).map((name): Recorder => ({
    name: `emergencyRollback-${name}`,
    stage: 'rollback',
    record: (ground) => recordRollback(ground, name),
  })),
  ...Object.keys(SETS_STORIES).map((name): Recorder => ({
    name,
    stage: 'sets',
    record: (ground) => recordSets(ground, name),
  })),
  { name: 'healthWatch-ejected', stage: 'watch', record: recordHealthWatch },
  ...Object.keys(MAINTENANCE_STORIES).map((name): Recorder => ({
    name,
    stage: 'maintenance',
    record: (ground) => recordMaintenance(ground, name),
  })),
  ...Object.keys(CONFIG_STORIES).map((name): Recorder => ({
    name,
    stage: 'config',
    record: (ground) => recordConfig(ground, name),
  })),
  ...Object.keys(PAIR_STORIES).map((name): Recorder => ({
    name,
    stage: 'config',
    record: (ground) => recordPair(ground, name),
  })),
  {
    name: 'configSync-started',
    stage: 'config',
    record: (ground) => recordSync(ground, 'configSync-started'),
  },
  ...Object.keys(DRIFT_STORIES).map((name): Recorder => ({
    name,
    stage: 'config',
    record: (ground) => recordDrift(ground, name),
  })),
  ...Object.keys(BACKUP_STORIES).map((name): Recorder => ({
    name,
    stage: 'backups',
    record: (ground) => recordBackup(ground, name),
  })),
  { name: 'rollingUpgrade-freshBackup', stage: 'backups', record: (ground) => recordFresh(ground, 'rollingUpgrade-freshBackup') },
  { name: 'doctor-well', stage: 'maintenance', record: recordDoctor },
  { name: 'notifyTest-answers', stage: 'maintenance', record: recordNotifyTest },
];

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const words = process.argv.slice(2).filter((word) => word !== UNRELEASED);
  const place = process.argv.includes(UNRELEASED) ? 'unreleased' : version;
  const folder = join(root, 'test/histories', place);
  const missing = RECORDERS.filter(
    (recorder) =>
      (words.length === 0 || words.some((word) => recorder.name.includes(word))) &&
      !existsSync(join(folder, `${recorder.name}.json`)),
  );
  if (missing.length === 0) throw new Error('all are recorded already, and never again');
  await mkdir(folder, { recursive: true });
  // when a run is long is for its server to say
  const groundOf = ({ stage, longAfter }: Recorder) => `${stage} ${longAfter}`;
  for (const ground of new Set(missing.map(groundOf)))
    await recordOn(
      missing.filter((recorder) => groundOf(recorder) === ground),
      folder,
    );
}

async function recordOn(recorders: Recorder[], folder: string): Promise<void> {
  const [first] = recorders;
  const ground =
    first?.stage === 'backups'
      ? await backedUp(NAME, 1, SOURCES)
      : await Ground.up(NAME, 2, { longAfter: first?.longAfter });
  try {
    for (const recorder of recorders) {
      const recorded = Object.entries(await recorder.record(ground));
      for (const [file, history] of recorded) {
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
