import type { Mistake } from '../../contracts/failures';
import { NodeOfflineInput } from '../../contracts/inputs/node-offline';
import type { OfflineIntent, Plan, PlannedHost, PlannedStep } from '../../contracts/plan';
import { outText } from '../../domain/about';
import { badInput } from '../../domain/mistakes';
import { shortenedDrain } from '../../domain/shortened';
import type { World } from '../world';
import { capacityLeft } from './capacity';
import { chooseHosts, commonIntent, planOf, sameFor, settingsOf } from './common';
import { parsePlanInput } from './input';
import type { Observation } from './observe';
import { loadNotes } from './load';
import { openPlan } from './service-hosts';

const STEPS: PlannedStep[] = [
  {
    id: 'takeOut',
    does: 'drain on every balancer, then out of rotation',
    undo: 'back into rotation with its weights',
  },
  {
    id: 'stopService',
    does: 'stop the unit, prove that no process and no listener is left',
    undo: 'start the unit, prove it healthy',
  },
  { id: 'markHost', does: 'keep why it is out, since when and who wanted it', undo: 'forget it' },
];

/** Checks the shape of an input; every mistake at once. */
export function parseNodeOffline(raw: unknown): NodeOfflineInput {
  return parsePlanInput(NodeOfflineInput, raw);
}

/** Plans how hosts go out of service. Changes nothing, tells all mistakes at once. */
export async function planOffline(
  input: NodeOfflineInput,
  world: World,
  signal: AbortSignal,
): Promise<Plan<OfflineIntent>> {
  const choose = (all: PlannedHost[], mistakes: Mistake[]) => chooseHosts(input.hosts, all, mistakes);
  const { service, all, seen, serving, marks, mistakes } = await openPlan(world, input.service, choose, {
    signal,
  });
  // one that was taken out at once still has its service running
  const isOut = ({ host: { name }, facts }: Observation) =>
    Object.hasOwn(marks, name) && !serving.includes(name) && facts.active !== 'active';
  const toGo = seen.filter((one) => !isOut(one));
  const leaving = toGo.map(({ host }) => host.name);
  const names = all.map(({ name }) => name);
  const { cap, never, now } = capacityLeft(input.maxUnavailable, { all: names, serving, leaving });
  mistakes.push(...never);
  const unready = [...toGo.flatMap((observation) => observation.mistakes), ...now];
  const settings = settingsOf(input, service, mistakes);
  if (mistakes.length) throw badInput([...unready, ...mistakes]);
  const { reason, by } = input;
  const intent: OfflineIntent = {
    workflow: 'nodeOffline',
    ...commonIntent(input, world, service),
    about: `${leaving.join(', ') || 'nobody'} out of service (${reason})`,
    outFor: { reason, by },
    hosts: toGo.map(({ host }) => host),
    maxUnavailable: cap,
    ...(service.capacity && { capacity: service.capacity }),
    steps: STEPS,
    settings,
  };
  const notes = [
    ...Object.entries(marks).map(([name, mark]) => outText(name, mark)),
    ...toGo
      .filter(({ host }) => !serving.includes(host.name))
      .map(({ host }) => `${host.name} serves nobody now; an undo leaves it out of rotation`),
    ...(await loadNotes(world, input.service, signal)),
    ...shortenedDrain(input.drain),
  ];
  return planOf({ intent, same: sameFor(input, world), unready, seen: toGo, notes });
}
