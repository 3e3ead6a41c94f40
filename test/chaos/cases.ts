/** The grid: what strikes, where, in which story. */
import type { Activities } from '../../src/activities';
import { KEEPER } from './traces';
import type { Trap, When } from './trap';

/**
 * - `killWorker`: SIGKILL; a new worker is started at once
 * - `killTemporal`: SIGKILL of the server, which is started again at once; the worker lives
 * - `cutSsh`: all SSH sessions of the host are killed, programs on the host are not
 * - `freeze`: the worker stands still for 15 s, alone
 * - `overtake`: the same, and meanwhile another worker goes on
 */
export type Fault = 'killWorker' | 'killTemporal' | 'cutSsh' | 'freeze' | 'overtake';

/**
 * - `upgrade`: two hosts, one after the other
 * - `badRelease`: a release that spoils a path: the first host's check finds it, and that host is undone
 * - `lateRefusal`: the second host's check fails; both hosts are undone, the first one out of full service
 * - `leftAsIs`: the spoilt release again, and the change is to leave everything as it stands
 * - `offline`: the first host is taken out of service; `online`: it comes back
 * - `replacement`: the first host, which was out, takes the place of the second one
 * - `emergency`: the first host goes out at once
 * - `watch`: the first host is unhealthy, and a health watch takes it out
 * - `maintenance`: the service is closed for some seconds to all but those whose requests are counted
 * - `nginx`: the upgrade again, with nginx beside HAProxy; requests come through nginx
 * - `nginxMaintenance`: the maintenance in the same way
 * - `rollback`: an upgrade soaks after its first host, and an emergency takes that host back
 * - `switchOver`: blue/green from the first host to the second one, which was out
 * - `switchBack`: the same, and one word while the first one is warm
 * - `config`: configuration files, to one host after the other
 * - `badConfig`: files that spoil a path: the first host's check finds it, and that host gets its own back
 * - `inPlace`: files that need no restart, so nobody leaves; `badInPlace`: the first host's check finds them bad
 * - `pair`: a release with its files; `badPair`: its files spoil a path, and the first host gets both of its own back
 * - `backup`: folders of the first host are brought to the store; `drill`: what was brought there is restored as a drill
 * - `recovery`: the first host has lost its folders, and its service stands still
 */
export type Story =
  | 'upgrade'
  | 'badRelease'
  | 'lateRefusal'
  | 'leftAsIs'
  | 'offline'
  | 'online'
  | 'replacement'
  | 'emergency'
  | 'watch'
  | 'maintenance'
  | 'nginx'
  | 'nginxMaintenance'
  | 'rollback'
  | 'switchOver'
  | 'switchBack'
  | 'config'
  | 'badConfig'
  | 'inPlace'
  | 'badInPlace'
  | 'pair'
  | 'badPair'
  | 'backup'
  | 'drill'
  | 'recovery';

/** Those in which nginx takes part. */
export const AT_NGINX: readonly Story[] = ['nginx', 'nginxMaintenance'];

/** Those in which the store takes part. */
export const AT_STORE: readonly Story[] = ['backup', 'drill', 'recovery'];

type Point = Pick<Trap, 'activity' | 'host' | 'nth'> & { story: Story };

export interface ChaosCase extends Point {
  fault: Fault;
  when: When;
  delayMs: number;
  /** whose SSH sessions are cut */
  cut?: string;
  /** a request that the balancer does not see keeps the old service stopping for so long, milliseconds */
  holdMs?: number;
}

const point = (story: Story, activity: keyof Activities, host?: string, nth = 1): Point => ({
  story,
  activity,
  host,
  nth,
});

/** Milliseconds into a body that are well before its end; two moments of the one that has a job. */
const MOMENTS: Record<keyof Activities, number[]> = {
  planRollingUpgrade: [30],
  planConfigCanary: [30],
  findReleases: [30],
  planNodeOffline: [30],
  planNodeOnline: [30],
  planNodeReplacement: [30],
  proveEqual: [10],
  stopService: [15, 90],
  startService: [15, 60],
  markHost: [10],
  noteStable: [10],
  steerTesters: [20],
  readCounters: [5],
  roomForLoad: [5],
  planEmergencyRollback: [30],
  setWeights: [30],
  planMaintenanceMode: [30],
  closeDoor: [60],
  openDoor: [60],
  setFlag: [8],
  guardDoors: [400],
  examineCluster: [30],
  notify: [5],
  testChannels: [5],
  stageRelease: [40],
  switchTraffic: [30],
  takeOut: [25],
  switchRelease: [15, 90],
  proveHealthy: [8],
  putBack: [40],
  watchHosts: [400],
  lookAtHosts: [30],
  confirmHealthy: [10],
  measureUsual: [400],
  watchGate: [400],
  runCommand: [15, 90],
  stageConfig: [20],
  keepConfig: [10],
  switchConfig: [15, 60],
  proveServed: [10],
  findDrift: [20],
  planBackup: [10],
  openStore: [100],
  takeBackup: [300],
  readBack: [300],
  publishBackup: [8],
  clearBackup: [8],
  thinBackups: [100],
  lookAtBackups: [20],
  planRestore: [20],
  stageRestore: [500],
  judgeStaged: [20],
  swapIn: [100],
  swapped: [5],
  clearRestore: [10],
  findStale: [30],
  planDrill: [10],
  drillBackup: [500],
  judgeDrill: [20],
  clearDrill: [3],
  planDisasterRecovery: [300],
  lookForDamage: [300],
  fetchPackages: [300],
  reinstallPackages: [300],
  setAsideRelease: [10],
  startSource: [100],
  askForLease: [5],
  raiseFences: [10],
  watchRun: [200],
  // while the change works, and when it is long over
  keepBalancers: [1_000, 6_000],
  lookAtBalancers: [10],
  handBack: [10],
  planHealthWatch: [10],
  watchService: [18_000],
  phasesOf: [5],
  findHolders: [20],
  readState: [5],
  lookAround: [20],
};

const UPGRADE: Point[] = [
  point('upgrade', 'planRollingUpgrade'),
  point('upgrade', 'askForLease'),
  point('upgrade', 'raiseFences'),
  point('upgrade', 'stageRelease', 'n1'),
  ...['n1', 'n2'].flatMap((host) =>
    (['takeOut', 'switchRelease', 'proveHealthy', 'putBack'] as const).map((activity) =>
      point('upgrade', activity, host),
    ),
  ),
  // the first looks after one host, the second after the batch, the fourth after all
  ...[1, 2, 4].map((nth) => point('upgrade', 'watchHosts', undefined, nth)),
  // to the first host, and to all again
  ...[1, 2].map((nth) => point('upgrade', 'steerTesters', undefined, nth)),
  // before the first host and after the last one
  ...[1, 2].map((nth) => point('upgrade', 'runCommand', undefined, nth)),
  // before the first host, and in the midst of them
  ...[1, 4].map((nth) => point('upgrade', 'readCounters', undefined, nth)),
  // before each host
  ...[1, 2].map((nth) => point('upgrade', 'roomForLoad', undefined, nth)),
  point('upgrade', 'measureUsual'),
  // after each batch
  ...[1, 2].map((nth) => point('upgrade', 'watchGate', undefined, nth)),
];

/** The second activity of its kind on a host is the one that undoes; a bad release was never put back before. */
const UNDO: Point[] = [
  ...(['takeOut', 'switchRelease', 'proveHealthy'] as const).map((activity) =>
    point('badRelease', activity, 'n1', 2),
  ),
  point('badRelease', 'putBack', 'n1', 1),
  point('badRelease', 'runCommand', undefined, 2),
  ...(['takeOut', 'switchRelease', 'proveHealthy', 'putBack'] as const).map((activity) =>
    point('lateRefusal', activity, 'n1', 2),
  ),
];

/** Nothing comes after these unless something else goes wrong. */
const WITHOUT_END: (keyof Activities)[] = ['keepBalancers'];

/** Before, during (at each moment) and after. */
function around(at: Point, fault: Fault): ChaosCase[] {
  if (WITHOUT_END.includes(at.activity)) return during(at, fault);
  return [
    { ...at, fault, when: 'before', delayMs: 0 },
    ...during(at, fault),
    { ...at, fault, when: 'after', delayMs: 0 },
  ];
}

function during(at: Point, fault: Fault, more: Partial<ChaosCase> = {}): ChaosCase[] {
  return MOMENTS[at.activity].map((delayMs) => ({ ...at, fault, when: 'during', delayMs, ...more }));
}

const LEFT: Point[] = [point('leftAsIs', 'lookAtHosts', 'n1')];

const NODES: Point[] = [
  point('offline', 'planNodeOffline'),
  ...(['takeOut', 'stopService', 'markHost'] as const).map((activity) => point('offline', activity, 'n1')),
  point('online', 'planNodeOnline'),
  ...(['startService', 'proveHealthy', 'setWeights', 'markHost'] as const).map((activity) =>
    point('online', activity, 'n1'),
  ),
  // from nothing to some of its weight
  point('online', 'setWeights', 'n1', 2),
  // of the lease, which keeps the host out
  point('offline', 'keepBalancers'),
  point('replacement', 'planNodeReplacement'),
  point('replacement', 'proveEqual'),
  ...(['startService', 'proveHealthy', 'markHost'] as const).map((activity) =>
    point('replacement', activity, 'n1'),
  ),
  point('replacement', 'setWeights', 'n1', 2),
  ...(['takeOut', 'stopService', 'markHost'] as const).map((activity) =>
    point('replacement', activity, 'n2'),
  ),
  point('replacement', 'watchHosts'),
  point('emergency', 'planNodeReplacement'),
  ...(['takeOut', 'markHost'] as const).map((activity) => point('emergency', activity, 'n1')),
];

const WATCH: Point[] = [
  point('watch', 'planHealthWatch'),
  // the first one ends with the first look
  point('watch', 'watchService', undefined, 2),
  point('watch', 'takeOut', 'n1'),
];

const NGINX: Point[] = (['takeOut', 'switchRelease', 'putBack'] as const).map((activity) =>
  point('nginx', activity, 'n1'),
);

/** Flags on both hosts first, taken away last. */
const DOORS: Point[] = [
  point('maintenance', 'planMaintenanceMode'),
  ...[1, 3].map((nth) => point('maintenance', 'setFlag', undefined, nth)),
  point('maintenance', 'closeDoor'),
  point('maintenance', 'guardDoors'),
  point('maintenance', 'openDoor'),
];

/** Doors are closed in the order of the routes, HAProxy's first, and opened the other way round. */
const NGINX_DOORS: Point[] = [
  point('nginxMaintenance', 'closeDoor', undefined, 2),
  point('nginxMaintenance', 'openDoor'),
];

const ROLLBACK: Point[] = [
  point('rollback', 'planEmergencyRollback'),
  point('rollback', 'readState'),
  ...(['takeOut', 'switchRelease', 'proveHealthy', 'putBack'] as const).map((activity) =>
    point('rollback', activity, 'n1'),
  ),
];

/** There and back; hosts are written down only where there is no way back. */
const SETS: Point[] = [
  point('switchBack', 'setWeights', 'n2'),
  point('switchBack', 'roomForLoad'),
  point('switchBack', 'takeOut', 'n1'),
  ...[1, 2].map((nth) => point('switchBack', 'switchTraffic', undefined, nth)),
  point('switchBack', 'takeOut', 'n2'),
  point('switchBack', 'stopService', 'n2'),
  ...['n2', 'n1'].map((host) => point('switchOver', 'markHost', host)),
];

const CONFIG: Point[] = [
  point('config', 'planConfigCanary'),
  point('config', 'stageConfig', 'n1'),
  ...['n1', 'n2'].map((host) => point('config', 'switchConfig', host)),
  point('config', 'proveServed', 'n1'),
  // the way back
  point('badConfig', 'switchConfig', 'n1', 2),
];

const IN_PLACE: Point[] = [
  ...['n1', 'n2'].map((host) => point('inPlace', 'switchConfig', host)),
  // out with it, and the way back
  point('badInPlace', 'takeOut', 'n1'),
  point('badInPlace', 'switchConfig', 'n1', 2),
];

const PAIRS: Point[] = [
  point('pair', 'stageConfig', 'n1'),
  ...['n1', 'n2'].map((host) => point('pair', 'switchRelease', host)),
  // the way back
  point('badPair', 'switchRelease', 'n1', 2),
];

const BACKUPS: Point[] = [
  point('backup', 'planBackup'),
  ...(['openStore', 'takeBackup', 'readBack', 'publishBackup', 'clearBackup'] as const).map((activity) =>
    point('backup', activity, 'n1'),
  ),
  point('backup', 'thinBackups'),
  ...(['planDrill', 'drillBackup', 'judgeDrill', 'clearDrill'] as const).map((activity) =>
    point('drill', activity),
  ),
];

/** Folders come back, then the service, then the folders that come last. */
const RECOVERY: Point[] = [
  point('recovery', 'planDisasterRecovery'),
  ...(
    [
      ...['stageRestore', 'judgeStaged', 'takeOut', 'swapIn', 'swapped', 'clearRestore'],
      ...['proveHealthy', 'stopService', 'startService', 'putBack'],
    ] as (keyof Activities)[]
  ).map((activity) => point('recovery', activity, 'n1')),
  // when it was started; of what comes last
  ...(['proveHealthy', 'swapIn', 'putBack'] as const).map((activity) => point('recovery', activity, 'n1', 2)),
  point('recovery', 'lookForDamage'),
];

const POINTS = [
  ...UPGRADE,
  ...UNDO,
  ...LEFT,
  ...NODES,
  ...DOORS,
  ...WATCH,
  ...NGINX,
  ...NGINX_DOORS,
  ...ROLLBACK,
  ...SETS,
  ...CONFIG,
  ...IN_PLACE,
  ...PAIRS,
  ...BACKUPS,
  ...RECOVERY,
];
/** Their hosts' balancer is another host, with sessions of its own. */
const AT_BALANCER = POINTS.filter(({ activity }) =>
  ['takeOut', 'switchRelease', 'putBack', 'closeDoor', 'openDoor', 'switchTraffic'].includes(activity),
);
/** What is done there, or through a connection to there. */
const WITH_STORE = [...BACKUPS, ...RECOVERY.filter(({ activity }) => activity === 'stageRestore')];
/** So long that whoever comes after the fault finds the job still running. */
const LONG_JOB = { delayMs: 200, holdMs: 12_000 };
const FAULTS: Fault[] = ['killWorker', 'killTemporal', 'cutSsh', 'freeze', 'overtake'];
const [SWITCH_N1] = UPGRADE.filter(({ activity, host }) => activity === 'switchRelease' && host === 'n1');

/** Everything, everywhere. */
export const GRID: ChaosCase[] = [
  ...POINTS.flatMap((at) => around(at, 'killWorker')),
  ...POINTS.flatMap((at) => around(at, 'killTemporal')),
  // a drill is the store's alone
  ...POINTS.filter(({ story }) => story !== 'drill').flatMap((at) =>
    during(at, 'cutSsh', { cut: at.host ?? 'n1' }),
  ),
  ...AT_BALANCER.flatMap((at) => during(at, 'cutSsh', { cut: AT_NGINX.includes(at.story) ? 'lb2' : 'lb1' })),
  ...WITH_STORE.flatMap((at) => during(at, 'cutSsh', { cut: KEEPER })),
  ...UPGRADE.flatMap((at) => during(at, 'freeze')),
  ...POINTS.flatMap((at) => during(at, 'overtake')),
  ...FAULTS.map((fault): ChaosCase => ({ ...SWITCH_N1!, fault, when: 'during', ...LONG_JOB, cut: 'n1' })),
];

/** `killWorker switchRelease n1 during@90 (upgrade)`; names a case in results and tests. */
export function nameOf({ fault, activity, host, nth, when, delayMs, story, cut, holdMs }: ChaosCase): string {
  const moment = when === 'during' ? `during@${delayMs}` : when;
  const more = [
    story,
    ...(nth > 1 ? [`number ${nth}`] : []),
    ...(fault === 'cutSsh' ? [`at ${cut}`] : []),
    ...(holdMs ? ['long job'] : []),
  ];
  return `${fault} ${activity} ${host ?? 'all'} ${moment} (${more.join(', ')})`;
}

/** The most telling ones, for `npm test`. */
const FAST_NAMES = [
  'killWorker switchRelease n1 during@200 (upgrade, long job)',
  'killTemporal switchRelease n1 during@90 (upgrade)',
  'cutSsh switchRelease n1 during@200 (upgrade, at n1, long job)',
  'killWorker switchRelease n1 during@90 (badRelease, number 2)',
  'killWorker keepBalancers all during@6000 (offline)',
  'killWorker openDoor all during@60 (maintenance)',
  'killWorker putBack n1 during@40 (nginx)',
  'killWorker switchRelease n1 during@15 (rollback)',
  'killWorker switchTraffic all during@30 (switchBack, number 2)',
  'killWorker switchConfig n1 during@60 (badConfig, number 2)',
  'killWorker switchRelease n1 during@90 (badPair, number 2)',
  'killWorker takeBackup n1 during@300 (backup)',
];

export const FAST: ChaosCase[] = FAST_NAMES.map((name) => {
  const found = GRID.find((chaos) => nameOf(chaos) === name);
  if (!found) throw new Error(`the grid has no case "${name}"`);
  return found;
});
