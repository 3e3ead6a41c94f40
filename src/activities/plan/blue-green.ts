/** Who is upgraded and who serves until then, from how hosts stand in the balancers now. */
import type { Mistake } from '../../contracts/failures';
import { BlueGreen, type RollingUpgradeInput } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedStep } from '../../contracts/plan';
import { setOf, weightsTogether } from '../../domain/blue-green';
import type { Observation } from './observe';
import type { IsThere, Rollout } from './rollout';

const STEPS: PlannedStep[] = [
  {
    id: 'stage',
    does: 'bring the release to the idle set, checked, beside what lies there',
    undo: 'none needed: nothing runs from it',
  },
  {
    id: 'switchRelease',
    does: 'stop, switch, start, on the idle set',
    undo: 'switch to the previous release, start, prove healthy',
  },
  { id: 'proveHealthy', does: 'unit, port, health, version, own checks', undo: 'none needed: it only looks' },
  {
    id: 'standBy',
    does: 'balancers check the idle set, and send it nothing',
    undo: 'out of rotation',
  },
  {
    id: 'switchTraffic',
    does: 'each balancer in one step: the idle set in with its weights, the old one out',
    undo: 'each balancer in one step: the old set in with its weights, the new one out',
  },
  { id: 'takeOut', does: 'requests of the old set end, then it is out', undo: 'with the switch' },
  {
    id: 'keepWarm',
    does: 'the old set runs on, ready to be switched back to',
    undo: 'none needed: it only waits',
  },
];

/** @param seen all hosts of the service */
export function planBlueGreen(input: RollingUpgradeInput, seen: Observation[], isThere: IsThere): Rollout {
  const settings = BlueGreen.parse(input.blueGreen ?? {});
  const { warmSeconds, stopOld } = settings;
  const idle = seen.filter(({ facts }) => setOf(facts.traffic) === 'idle');
  const live = seen.filter((one) => !idle.includes(one));
  const nothingToDo = live.length > 0 && live.every(isThere);
  const coming = nothingToDo ? [] : idle;
  return {
    hosts: nothingToDo ? [] : [...idle, ...live],
    coming,
    batches: coming.length ? [{ adds: coming.map(({ host }) => host.name) }] : [],
    // nobody but the idle set may be out: the switch takes out nobody before others are in
    maxUnavailable: Math.max(1, idle.length),
    steps: STEPS,
    blueGreen: { warmSeconds, stopOld },
    unready: nothingToDo ? [] : unready(settings, idle, live),
    mistakes: [],
    notes: notesOf(settings, idle, live),
  };
}

function unready({ minIdlePercent }: BlueGreen, idle: Observation[], live: Observation[]): Mistake[] {
  const mistake = (code: string, value: string, rule: string): Mistake => ({
    code,
    path: 'strategy',
    value,
    rule,
  });
  // those between the two sets are told one by one
  if (!live.some(({ facts }) => setOf(facts.traffic) === 'live'))
    return [mistake('noLiveSet', 'blueGreen', 'no host is in rotation and up at every balancer')];
  if (idle.length === 0)
    return [
      mistake(
        'noIdleSet',
        'blueGreen',
        'there is no idle set: no host is out of rotation at every balancer; take some out with nodeOffline, or add servers that are disabled',
      ),
    ];
  const weights = weightsTogether(idle.map(({ facts }) => facts));
  return Object.entries(weightsTogether(live.map(({ facts }) => facts)))
    .filter(([balancer, serving]) => 100 * (weights[balancer] ?? 0) < minIdlePercent * serving)
    .map(([balancer, serving]) =>
      mistake(
        'idleTooSmall',
        `${names(idle)}: ${weights[balancer] ?? 0} of ${serving} at ${balancer}`,
        `the idle set must have at least ${minIdlePercent} % of the weights that serve (blueGreen.minIdlePercent)`,
      ),
    );
}

function notesOf(settings: BlueGreen, idle: Observation[], live: Observation[]): string[] {
  const usual = BlueGreen.parse({});
  return [
    `idle: ${names(idle) || 'nobody'}; serves until the switch: ${names(live) || 'nobody'}`,
    ...(['warmSeconds', 'minIdlePercent'] as const)
      .filter((name) => settings[name] < usual[name])
      .map((name) => `blueGreen.${name} is ${settings[name]} instead of the default ${usual[name]}`),
  ];
}

const names = (seen: Observation[]) => seen.map(({ host }) => host.name).join(', ');
