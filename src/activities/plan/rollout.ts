/** Which hosts a change of version takes in which order, by its strategy. */
import type { Mistake } from '../../contracts/failures';
import type { RollingUpgradeInput } from '../../contracts/inputs/rolling-upgrade';
import type { PlannedBatch, PlannedBlueGreen, PlannedStep } from '../../contracts/plan';
import { planBatches, unavailableCap } from '../../domain/batches';
import type { Shares } from '../../domain/shares';
import { withShares } from '../../domain/shares';
import { STRATEGIES } from '../../domain/strategies';
import { servingWeights } from '../ramp';
import type { World } from '../world';
import type { Observation } from './observe';

export interface Rollout {
  /** hosts of the plan, in order */
  hosts: Observation[];
  /** those of them that get the release */
  coming: Observation[];
  batches: PlannedBatch[];
  maxUnavailable: number;
  /** what happens to each host, and how it is undone */
  steps: PlannedStep[];
  blueGreen?: PlannedBlueGreen;
  /** what may be otherwise when another change has ended */
  unready: Mistake[];
  mistakes: Mistake[];
  notes: string[];
}

const STEPS: PlannedStep[] = [
  {
    id: 'stage',
    does: 'bring the release to the host, checked, beside the running one',
    undo: 'none needed: nothing runs from it',
  },
  {
    id: 'takeOut',
    does: 'drain on every balancer, then out of rotation',
    undo: 'back into rotation with its weights',
  },
  {
    id: 'switchRelease',
    does: 'stop, switch, start',
    undo: 'out, switch to the previous release, start, prove healthy',
  },
  { id: 'proveHealthy', does: 'unit, port, health, version, own checks', undo: 'none needed: it only looks' },
  {
    id: 'putBack',
    does: 'back into rotation, exactly up on every balancer',
    undo: 'drain, then out of rotation',
  },
];

/** Of a host: it is as the change shall make it. */
export type IsThere = (seen: Observation) => boolean;

/** The same steps, with files that come with the version. */
export function withConfigSteps(steps: PlannedStep[]): PlannedStep[] {
  const also: Record<string, PlannedStep> = {
    stage: {
      id: 'stageConfig',
      does: 'bring the files beside those in use; the host’s own programs check them in place of those',
      undo: 'none needed: nothing reads them',
    },
    switchRelease: {
      id: 'switchConfig',
      does: 'in the same step: all files or none, then what reads them',
      undo: 'in the same step: the host’s own files of before',
    },
    proveHealthy: {
      id: 'proveServed',
      does: 'services answer with the new configuration',
      undo: 'none needed: it only looks',
    },
  };
  return steps.flatMap((step) => (also[step.id] ? [step, also[step.id]!] : [step]));
}

/**
 * Batches of those hosts that do not run the version yet.
 *
 * @param seen the chosen hosts
 * @param all how many hosts the service has
 */
export async function planRolling(
  input: RollingUpgradeInput & { strategy: keyof typeof STRATEGIES },
  seen: Observation[],
  isThere: IsThere,
  all: number,
  world: World,
  signal: AbortSignal,
): Promise<Rollout> {
  const carrying = seen.filter(isThere);
  const coming = seen.filter((one) => !isThere(one));
  const order = [...carrying, ...coming].map(({ host }) => host.name);
  const { batches: wanted, maxUnavailable } = { ...STRATEGIES[input.strategy], ...given(input) };
  const planned = planBatches(wanted, order, carrying.length);
  const cap = unavailableCap(maxUnavailable, all);
  const may = { testers: input.testers, out: cap };
  const shared = await sharesOf(planned.batches, coming, world, input.service, may, signal);
  return {
    hosts: coming,
    coming,
    batches: shared.batches,
    maxUnavailable: cap,
    steps: STEPS,
    unready: [],
    mistakes: [...planned.mistakes, ...shared.mistakes],
    notes: [
      ...planned.notes,
      ...shared.notes,
      ...carrying.map(({ host }) => `${host.name} runs ${input.version} already and is left alone`),
    ],
  };
}

function given({ batches, maxUnavailable }: RollingUpgradeInput) {
  return { ...(batches && { batches }), ...(maxUnavailable !== undefined && { maxUnavailable }) };
}

/** Balancers are asked only where a batch has a share. */
async function sharesOf(
  batches: PlannedBatch[],
  toChange: Observation[],
  world: World,
  service: string,
  may: { testers: boolean; out: number },
  signal: AbortSignal,
): Promise<Shares> {
  if (batches.every(({ share }) => share === undefined)) return { batches, mistakes: [], notes: [] };
  const serving = Object.values(await servingWeights(world, service, [], signal));
  const weights = toChange.map(({ host, facts: { traffic } }) => [
    host.name,
    Object.fromEntries(Object.entries(traffic).map(([balancer, { weight }]) => [balancer, weight])),
  ]);
  return withShares(
    batches,
    Object.fromEntries(weights) as Record<string, Record<string, number>>,
    serving.reduce((sum, weight) => sum + weight, 0),
    may,
  );
}
