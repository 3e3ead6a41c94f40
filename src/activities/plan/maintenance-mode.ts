import { MaintenanceModeInput } from '../../contracts/inputs/maintenance-mode';
import type { PlannedClosure, PlannedPage } from '../../contracts/maintenance';
import type { PlannedNotifications } from '../../contracts/notifications';
import type { MaintenanceIntent, Plan, PlannedStep } from '../../contracts/plan';
import { digestOf } from '../../domain/plan-hash';
import { badInput, unknownName } from '../../domain/mistakes';
import { noticesBefore, windowMistakes, windowOf } from '../../domain/maintenance';
import type { World } from '../world';
import { planClosures } from './closures';
import { plannedService, sameFor } from './common';
import { parsePlanInput } from './input';
import { notificationsOfAny } from './notifications';

const STEPS: PlannedStep[] = [
  { id: 'flag', does: 'put up the flag file on every host', undo: 'take it away' },
  {
    id: 'close',
    does: 'show the page at every balancer, proven by a request',
    undo: 'open, proven by a request',
  },
];

export const parseMaintenanceMode = (raw: unknown) => parsePlanInput(MaintenanceModeInput, raw);

/**
 * Turns an input into a plan. Asks balancers and changes nothing; tells all mistakes at once.
 *
 * @param asked when the maintenance was asked for, milliseconds: a start that was ahead then is no mistake later
 */
export async function planMaintenance(
  input: MaintenanceModeInput,
  world: World,
  asked: number,
  signal: AbortSignal,
): Promise<Plan<MaintenanceIntent>> {
  const { cluster } = world;
  const names = Object.keys(cluster.services);
  if (input.service !== undefined && !names.includes(input.service))
    throw badInput([unknownName('service', input.service, names)]);
  const behind = names.filter((name) => cluster.services[name]!.routes.length > 0);
  const all = behind.length > 0 ? behind : names;
  const services = input.service === undefined ? all : [input.service];
  const mistakes = windowMistakes(input, asked);
  const { from, to } = windowOf(input, Date.now());
  const {
    closures,
    page,
    notes: size,
  } = await planClosures(input, services, { from, to }, world, signal, mistakes);
  if (mistakes.length > 0) throw badInput(mistakes);
  const intent = intentOf(input, world, closures, page);
  return {
    format: 2,
    intent,
    hash: digestOf(intent),
    same: sameFor(input, world),
    observed: { at: new Date().toISOString(), hosts: {} },
    notes: [...size, ...noticeNotes(input, asked, intent.notifications)],
  };
}

function intentOf(
  input: MaintenanceModeInput,
  world: World,
  closures: PlannedClosure[],
  page: PlannedPage,
): MaintenanceIntent {
  const names = closures.map(({ name }) => name);
  const notifications = notificationsOfAny(world.cluster, names);
  const { start, end, durationMinutes, maxMinutes, announce, personDeadlineHours, unreachableSeconds } =
    input;
  return {
    workflow: 'maintenanceMode',
    cluster: { name: world.cluster.cluster, file: input.cluster, digest: world.digest },
    service: plannedService(names.join(', '), world.cluster.services[names[0]!]!),
    about: `closed for maintenance (${input.content})`,
    hosts: [],
    maxUnavailable: 0,
    steps: STEPS,
    closures,
    page,
    times: { start, end, durationMinutes, maxMinutes, announce },
    ...(notifications && { notifications }),
    settings: {
      // none of its hosts is worked on
      drain: { deadlineSeconds: 0, onDeadline: 'putBack' },
      approvals: [],
      onFailure: 'undo',
      failureBudget: 0,
      progressDeadlineSeconds: 0,
      personDeadlineHours,
      unreachableSeconds,
    },
  };
}

function noticeNotes(
  input: MaintenanceModeInput,
  asked: number,
  to: PlannedNotifications | undefined,
): string[] {
  if (!to) return ['nobody is told: the cluster file names no channels'];
  const { due, past } = noticesBefore(input.announce, windowOf(input, asked).from, asked);
  return [
    ...due.map(
      ({ ahead, at }) => `people are told ${ahead} ahead, at ${new Date(at).toISOString().slice(0, 16)}Z`,
    ),
    ...(past.length ? [`too late to tell people ${past.join(' and ')} ahead`] : []),
  ];
}
