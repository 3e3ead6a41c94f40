/** What is asked of Pawl in a case, and how it must look when it is over, whatever struck meanwhile. */
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { makeRelease, type Behaviour } from '../../lab/service';
import { leaseId } from '../../src/contracts/lease';
import { ended, reached, type Ground } from '../lab/ground';
import { filled, seesBackup, seesDrill, seesRecovery, struck } from './backups';
import type { ChaosCase, Story } from './cases';
import { commitConfig, commitWords } from './centre';
import { JOURNAL, KEEPER, type Expect } from './traces';

export interface WantedHost {
  /** versions that the service must have been started in, in order; there is one job for each */
  starts: string[];
  version: string;
  /** what the steps that are done once have written down there, in order; a job for each */
  steps?: string[];
  /** not in rotation, and listed as left to do */
  left?: true;
  /** not in rotation, as was asked for */
  out?: true;
  /** where there are others than those of starts and steps */
  jobs?: number;
  /** a piece of work may be begun anew as another one */
  moreJobs?: true;
  /** ran the new version before this run's plan was made: the report does not speak of it */
  unplanned?: boolean;
}

export interface Wanted {
  /** of the run, as `ended` tells it */
  end: 'succeeded' | 'RolledBack' | 'Frozen' | 'Aborted';
  hosts: Record<'n1' | 'n2', WantedHost>;
  /** that people got; default: none */
  alerts?: number;
}

/** On n2 only: there the check of `lateRefusal` fails. */
export const REFUSAL = '/run/pawl-chaos-refusal';

const SPOILT: Behaviour = { badPath: '/path/one' };
const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };
const CHECKS: Partial<Record<Story, object[]>> = {
  upgrade: [],
  badRelease: [PATH_ONE],
  badPair: [PATH_ONE],
  leftAsIs: [PATH_ONE],
  lateRefusal: [{ name: 'not-refused', command: ['test', '!', '-e', REFUSAL] }],
};

/** As the steps that are done once write it down. */
const note = (word: string) => ['sh', '-c', `echo ${word} >>${JOURNAL}; sleep 0.2`];
const RUN_ONCE = [
  { name: 'expand', when: 'before', command: note('expand'), undo: note('shrink') },
  { name: 'contract', when: 'after', command: note('contract'), undo: note('expand') },
];
/** Limits for which the requests of a few seconds are evidence. */
const GATE = { availabilityPercent: 95, errorRatePercent: 5, p95ToleranceMs: 1_000, hostCpuPercent: 100 };

/** Out of service and back, as quick as can be. */
const WHY = { reason: 'chaos', by: 'the test' };
const DRAIN = { drain: { deadlineSeconds: 60 } };
const RAMP = { ramp: [0, 50, 100].map((percent) => ({ percent, seconds: 0 })), gate: { enabled: false } };
const offline = (host: string) => ({ hosts: [host], ...WHY, ...DRAIN });
const REPLACE = { mode: 'planned', old: 'n2', new: 'n1', ...WHY, ...DRAIN, ...RAMP, watchSeconds: 2 };
/** Seconds for which the service is closed: longer than any fault keeps a worker away. */
const CLOSED_SECONDS = 20;
/** Whoever sends requests gets through, so that a lost one would be seen. */
const closedFor = (seconds: number) => ({
  start: 'now',
  end: new Date(Date.now() + seconds * 1_000).toISOString(),
  content: 'chaos',
  allow: { addresses: ['0.0.0.0/0'] },
});

/** What is asked for health, and by nobody else. */
export const HEALTH = '/path/two';
/** Looks in a row: where one who counts is struck, so many that whoever had forgotten would come too late. */
const failures = ({ activity, when }: Pick<ChaosCase, 'activity' | 'when'>) =>
  activity === 'watchService' && when === 'during' ? 20 : 2;

/** Something that is done on the ground; throws when it does not come to its end. */
type Move = (ground: Ground) => Promise<void>;

const change =
  (type: string, input: object): Move =>
  async (ground) => {
    const { end, message } = await ended(await ground.startAs(type, input));
    if (end !== 'succeeded') throw new Error(`${type} ended as ${end}: ${message}`);
  };
const goesOut = (host: string) => change('nodeOffline', offline(host));
/** The next change begins one of its own: of this, all activities begin after the trap was set. */
const leaseEnds: Move = async (ground) => {
  const lease = ground.client.workflow.getHandle(leaseId(ground.name));
  await lease.result().catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
};
const comesIn = (host: string) => change('nodeOnline', { hosts: [host], ...RAMP });
/** The service of n1 from now on. */
const behaves =
  (behaviour: Behaviour): Move =>
  async (ground) => {
    const file = '/opt/web/current/behaviour.json';
    const script = `echo '${JSON.stringify(behaviour)}' >${file} && systemctl restart web`;
    await ground.inside('n1', 'sh', '-c', script);
  };

/** What is told beside an upgrade, or instead of one. */
interface Told {
  /** default: an upgrade */
  run?: { type: string; input: (chaos: ChaosCase) => object };
  before?: Move;
  /** what lies there before, and what must lie there in the end */
  sees?: (ground: Ground) => Promise<(expect: Expect) => Promise<void>>;
  /** whoever runs for ever, or waits for a word, is ended so */
  until?: (run: WorkflowHandle) => Promise<unknown>;
  /** the next case finds all hosts in rotation */
  after?: Move;
  /** the next case needs hosts that are new */
  last?: true;
}

const run = (type: string, input: (chaos: ChaosCase) => object) => ({ type, input });

/** Its first host has a version that nobody has had before, and it waits. */
const soaks: Move = async (ground) => {
  const version = `2.0.${Date.now()}`;
  const artifact = await makeRelease({ version });
  const run = await ground.start({ version, artifact, soakSeconds: 3_600, watchSeconds: 0 });
  await reached(run, ({ phase }) => phase === 'soaking');
};
/** Files that no host has yet. */
const configured =
  (settings: (nonce: number) => string): Move =>
  (ground) =>
    commitConfig(ground, settings(Date.now()));
const GOOD_FILES = (nonce: number) => `{ "nonce": ${nonce} }`;
const SPOILT_FILES = (nonce: number) => `{ "nonce": ${nonce}, "badPath": "/path/one" }`;
const RECORD = { what: 'chaos', why: 'chaos', impact: 'none', rollback: 'by itself' };
const CONFIG = { revision: 'main', record: RECORD, batches: [1, '100%'], ...DRAIN };
const QUICK = { minHealthySeconds: 0, soakSeconds: 0, watchSeconds: 0, gate: { enabled: false } };
const brings = run('configCanary', () => ({ ...CONFIG, ...QUICK, checks: [PATH_ONE] }));

/** Their check finds what is bad in them. */
const READS = { name: 'words', command: ['grep', '-q', 'good', '/etc/web/words'] };
const bringsWords = run('configCanary', () => ({ ...CONFIG, ...QUICK, set: 'words', checks: [READS] }));
const worded =
  (word: string): Move =>
  (ground) =>
    commitWords(ground, `${word} ${Date.now()}\n`);

/** It is about no service. */
const ALONE = { service: undefined };

const CLOSES: Told = { run: run('maintenanceMode', () => closedFor(CLOSED_SECONDS)) };

export const TOLD: Partial<Record<Story, Told>> = {
  offline: { run: run('nodeOffline', () => offline('n1')), before: leaseEnds, after: comesIn('n1') },
  online: { run: run('nodeOnline', () => ({ hosts: ['n1'], ...RAMP })), before: goesOut('n1') },
  replacement: {
    run: run('nodeReplacement', () => REPLACE),
    before: goesOut('n1'),
    after: comesIn('n2'),
  },
  emergency: {
    run: run('nodeReplacement', () => ({ mode: 'emergency', host: 'n1', ...WHY })),
    after: comesIn('n1'),
  },
  watch: {
    run: run('healthWatch', (chaos) => ({ intervalSeconds: 1, failures: failures(chaos), minServing: 1 })),
    before: behaves({ badPath: HEALTH }),
    until: async (run) => {
      await reached(run, ({ notes }) => notes.some((note) => note.includes('n1 was taken out')), 90_000);
      await run.executeUpdate('abort', { args: [{ by: 'the test', undo: false }] });
    },
    after: async (ground) => {
      await behaves({})(ground);
      await comesIn('n1')(ground);
    },
  },
  maintenance: CLOSES,
  nginxMaintenance: CLOSES,
  rollback: {
    run: run('emergencyRollback', () => ({ ...WHY, minServing: 1 })),
    before: soaks,
  },
  config: { run: brings, before: configured(GOOD_FILES) },
  badConfig: { run: brings, before: configured(SPOILT_FILES) },
  inPlace: { run: bringsWords, before: worded('good') },
  badInPlace: { run: bringsWords, before: worded('bad') },
  pair: { before: configured(GOOD_FILES) },
  badPair: { before: configured(SPOILT_FILES) },
  leftAsIs: { last: true },
  backup: {
    run: run('backup', () => ({ ...ALONE, source: 'shop', attempts: 3, pauseSeconds: 1 })),
    before: filled,
    sees: seesBackup,
  },
  drill: {
    run: run('restoreDrill', () => ({ ...ALONE, source: 'shop' })),
    before: filled,
    sees: seesDrill,
  },
  recovery: {
    run: run('disasterRecovery', () => ({
      ...ALONE,
      hosts: ['n1', 'n2'],
      approvals: [],
      onFailure: 'freeze',
    })),
    before: struck,
    sees: seesRecovery,
  },
  switchOver: { before: goesOut('n2'), last: true },
  switchBack: {
    before: goesOut('n2'),
    until: async (run) => {
      await reached(run, ({ summary }) => summary.includes('kept warm'), 90_000);
      await run.executeUpdate('abort', { args: [{ by: 'the test', undo: true }] });
    },
    after: comesIn('n2'),
  },
};

/** A release comes with its files. */
const PAIRS: readonly Story[] = ['pair', 'badPair'];

/** Seconds for which the old set of blue/green waits for a word. */
const WARM: Partial<Record<Story, number>> = { switchOver: 0, switchBack: 300 };

/** As quick as can be, unless it is the observations, the steps or the gates that are struck. */
export function inputOf({ story, activity }: ChaosCase, version: string, artifact: object): object {
  const times = activity === 'watchHosts' ? {} : { soakSeconds: 0, watchSeconds: 0 };
  const gate = ['measureUsual', 'watchGate'].includes(activity) ? { gate: GATE } : {};
  const runOnce = activity === 'runCommand' ? RUN_ONCE : [];
  const onFailure = story === 'leftAsIs' ? 'freeze' : 'undo';
  const testers = activity === 'steerTesters';
  const warmSeconds = WARM[story];
  const sets = warmSeconds === undefined ? {} : { strategy: 'blueGreen', blueGreen: { warmSeconds } };
  const files = PAIRS.includes(story) ? { config: { revision: 'main', record: RECORD } } : {};
  return {
    version,
    artifact,
    ...files,
    checks: CHECKS[story] ?? [],
    onFailure,
    runOnce,
    testers,
    ...times,
    ...gate,
    ...sets,
  };
}

export function releaseOf(story: Story, version: string) {
  const spoilt = story === 'badRelease' || story === 'leftAsIs';
  return makeRelease({ version, behaviour: spoilt ? SPOILT : {} });
}

/** @param now the version that all hosts run before */
export function wanted(
  { story, activity, cut }: Pick<ChaosCase, 'story' | 'activity' | 'cut'>,
  now: string,
  next: string,
): Wanted {
  const want = wantedHosts(story, now, next);
  if (activity === 'runCommand')
    want.hosts.n1.steps = ['expand', want.end === 'succeeded' ? 'contract' : 'shrink'];
  // who brings something to the store, or from there, loses it with its connection
  if (cut === KEEPER) want.hosts.n1.moreJobs = true;
  return want;
}

function wantedHosts(story: Story, now: string, next: string): Wanted {
  const untouched = (): WantedHost => ({ starts: [], version: now });
  const unplanned = (): WantedHost => ({ ...untouched(), unplanned: true });
  const changed = (): WantedHost => ({ starts: [next], version: next });
  const restarted = (): WantedHost => ({ starts: [now], version: now });
  const undone = (): WantedHost => ({ starts: [next, now], version: now });
  switch (story) {
    case 'upgrade':
    case 'pair':
    case 'nginx':
      return { end: 'succeeded', hosts: { n1: changed(), n2: changed() } };
    case 'badRelease':
    case 'badPair':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: untouched() } };
    case 'lateRefusal':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: undone() } };
    case 'offline':
      return { end: 'succeeded', hosts: { n1: { ...untouched(), out: true, jobs: 1 }, n2: unplanned() } };
    case 'online':
      return { end: 'succeeded', hosts: { n1: { starts: [now], version: now }, n2: unplanned() } };
    case 'replacement':
      return {
        end: 'succeeded',
        hosts: {
          n1: { starts: [now], version: now },
          n2: { ...untouched(), out: true, jobs: 1 },
        },
      };
    case 'emergency':
      return {
        end: 'succeeded',
        hosts: { n1: { ...unplanned(), out: true }, n2: unplanned() },
        alerts: 1,
      };
    case 'watch':
      return { end: 'Aborted', hosts: { n1: { ...unplanned(), left: true }, n2: unplanned() }, alerts: 1 };
    case 'maintenance':
    case 'nginxMaintenance':
      return { end: 'succeeded', hosts: { n1: unplanned(), n2: unplanned() } };
    case 'rollback':
      return {
        end: 'succeeded',
        hosts: { n1: { starts: [now], version: now }, n2: unplanned() },
        // people are told that the service goes back
        alerts: 1,
      };
    case 'config':
      return { end: 'succeeded', hosts: { n1: restarted(), n2: restarted() } };
    case 'badConfig':
      return { end: 'RolledBack', hosts: { n1: { starts: [now, now], version: now }, n2: untouched() } };
    case 'inPlace':
      return {
        end: 'succeeded',
        hosts: { n1: { ...untouched(), jobs: 1 }, n2: { ...untouched(), jobs: 1 } },
      };
    case 'badInPlace':
      return { end: 'RolledBack', hosts: { n1: { ...untouched(), jobs: 2 }, n2: untouched() } };
    case 'backup':
      return { end: 'succeeded', hosts: { n1: { ...unplanned(), jobs: 1 }, n2: unplanned() } };
    case 'drill':
      return { end: 'succeeded', hosts: { n1: unplanned(), n2: unplanned() } };
    case 'recovery':
      // two are staged and swapped in, and the service is stopped before it is started
      return { end: 'succeeded', hosts: { n1: { ...restarted(), jobs: 6 }, n2: unplanned() } };
    case 'switchOver':
      return { end: 'succeeded', hosts: { n1: { ...untouched(), out: true }, n2: changed() } };
    case 'switchBack':
      // it was stopped before
      return { end: 'Aborted', hosts: { n1: untouched(), n2: { ...undone(), out: true, jobs: 3 } } };
    case 'leftAsIs':
      return { end: 'Frozen', hosts: { n1: { ...changed(), left: true }, n2: untouched() } };
  }
}
