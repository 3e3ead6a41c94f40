/** What is asked of Pawl in a case, and how it must look when it is over, whatever struck meanwhile. */
import { makeRelease, type Behaviour } from '../../lab/service';
import type { ChaosCase, Story } from './cases';

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
  /** ran the new version before this run's plan was made: the report does not speak of it */
  unplanned?: boolean;
}

export interface Wanted {
  /** of the run, as `ended` tells it */
  end: 'succeeded' | 'RolledBack' | 'Frozen';
  hosts: Record<'n1' | 'n2', WantedHost>;
}

/** On n2 only: there the check of `lateRefusal` fails. */
export const REFUSAL = '/run/pawl-chaos-refusal';

const SPOILT: Behaviour = { badPath: '/path/one' };
const PATH_ONE = { name: 'path-one', http: { path: '/path/one' } };
const CHECKS: Partial<Record<Story, object[]>> = {
  upgrade: [],
  badRelease: [PATH_ONE],
  leftAsIs: [PATH_ONE],
  lateRefusal: [{ name: 'not-refused', command: ['test', '!', '-e', REFUSAL] }],
};

/** Steps that are done once write down here, on the first host, that they were. */
export const JOURNAL = '/run/pawl-chaos-journal';
const note = (word: string) => ['sh', '-c', `echo ${word} >>${JOURNAL}; sleep 0.2`];
const RUN_ONCE = [
  { name: 'expand', when: 'before', command: note('expand'), undo: note('shrink') },
  { name: 'contract', when: 'after', command: note('contract'), undo: note('expand') },
];
/** Limits for which the requests of a few seconds are evidence. */
const GATE = { availabilityPercent: 95, errorRatePercent: 5, p95ToleranceMs: 1_000, hostCpuPercent: 100 };

/** Out of service and back, as quick as can be. */
export const OFFLINE = { hosts: ['n1'], reason: 'chaos', by: 'the test', drain: { deadlineSeconds: 60 } };
export const ONLINE = {
  hosts: ['n1'],
  ramp: [0, 50, 100].map((percent) => ({ percent, seconds: 0 })),
  gate: { enabled: false },
};
/** Seconds for which the service is closed: longer than any fault keeps a worker away. */
const CLOSED_SECONDS = 20;
/** Whoever sends requests gets through, so that a lost one would be seen. */
const closedFor = (seconds: number) => ({
  start: 'now',
  end: new Date(Date.now() + seconds * 1_000).toISOString(),
  content: 'chaos',
  allow: { addresses: ['0.0.0.0/0'] },
});

/** Of other types than an upgrade. */
export const NODE_STORIES: Partial<Record<Story, { type: string; input: object }>> = {
  offline: { type: 'nodeOffline', input: OFFLINE },
  online: { type: 'nodeOnline', input: ONLINE },
  maintenance: {
    type: 'maintenanceMode',
    get input() {
      return closedFor(CLOSED_SECONDS);
    },
  },
};

/** As quick as can be, unless it is the observations, the steps or the gates that are struck. */
export function inputOf({ story, activity }: ChaosCase, version: string, artifact: object): object {
  const times = activity === 'watchHosts' ? {} : { soakSeconds: 0, watchSeconds: 0 };
  const gate = ['measureUsual', 'watchGate'].includes(activity) ? { gate: GATE } : {};
  const runOnce = activity === 'runCommand' ? RUN_ONCE : [];
  const onFailure = story === 'leftAsIs' ? 'freeze' : 'undo';
  return { version, artifact, checks: CHECKS[story] ?? [], onFailure, runOnce, ...times, ...gate };
}

export function releaseOf(story: Story, version: string) {
  const spoilt = story === 'badRelease' || story === 'leftAsIs';
  return makeRelease({ version, behaviour: spoilt ? SPOILT : {} });
}

/** @param now the version that all hosts run before */
export function wanted(
  { story, activity }: Pick<ChaosCase, 'story' | 'activity'>,
  now: string,
  next: string,
): Wanted {
  const want = wantedHosts(story, now, next);
  if (activity === 'runCommand')
    want.hosts.n1.steps = ['expand', want.end === 'succeeded' ? 'contract' : 'shrink'];
  return want;
}

function wantedHosts(story: Story, now: string, next: string): Wanted {
  const untouched = (): WantedHost => ({ starts: [], version: now });
  const unplanned = (): WantedHost => ({ ...untouched(), unplanned: true });
  const changed = (): WantedHost => ({ starts: [next], version: next });
  const undone = (): WantedHost => ({ starts: [next, now], version: now });
  switch (story) {
    case 'upgrade':
      return { end: 'succeeded', hosts: { n1: changed(), n2: changed() } };
    case 'badRelease':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: untouched() } };
    case 'lateRefusal':
      return { end: 'RolledBack', hosts: { n1: undone(), n2: undone() } };
    case 'offline':
      return { end: 'succeeded', hosts: { n1: { ...untouched(), out: true, jobs: 1 }, n2: unplanned() } };
    case 'online':
      return { end: 'succeeded', hosts: { n1: { starts: [now], version: now }, n2: unplanned() } };
    case 'maintenance':
      return { end: 'succeeded', hosts: { n1: unplanned(), n2: unplanned() } };
    case 'leftAsIs':
      return { end: 'Frozen', hosts: { n1: { ...changed(), left: true }, n2: untouched() } };
  }
}
