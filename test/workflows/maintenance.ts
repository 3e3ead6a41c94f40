/** Maintenance of a cluster that exists in memory only. */
import type { Activities } from '../../src/activities';
import { parseMaintenanceMode } from '../../src/activities/plan/maintenance-mode';
import type { AllowList, PlannedClosure, PlannedPage } from '../../src/contracts/maintenance';
import { Entry } from '../../src/contracts/maintenance';
import type { PlannedNotifications } from '../../src/contracts/notifications';
import type { MaintenanceIntent, Plan } from '../../src/contracts/plan';
import { digestOf } from '../../src/domain/plan-hash';
import { looksOn } from './looks-on';

/** What is needed of it. */
interface Imagined {
  hosts: string[];
  notifications: PlannedNotifications | undefined;
  trouble: Record<string, (() => Promise<void> | void) | undefined>;
  plan(settings: { personDeadlineHours: number; unreachableSeconds: number }): Plan;
  step(name: string, host: string): Promise<void>;
}

type Maintaining = Pick<
  Activities,
  'planMaintenanceMode' | 'closeDoor' | 'openDoor' | 'setFlag' | 'guardDoors'
>;

export function maintenanceOf(cluster: Imagined): Maintaining {
  return {
    planMaintenanceMode: async ({ input }) => {
      await cluster.trouble['plan']?.();
      const { dryRun = false } = input as { dryRun?: boolean };
      return { plan: planOf(cluster, input as object), dryRun };
    },
    closeDoor: async ({ service, door, times }) => {
      await cluster.step(`close ${service} until ${times.to.slice(11, 16)} at`, door.balancer);
      return { marker: times.to };
    },
    openDoor: async ({ door }) => {
      await cluster.step(`open ${door.backend} at`, door.balancer);
      return { status: 200 };
    },
    setFlag: ({ host, times }) => cluster.step(times ? 'flag on' : 'no flag on', host),
    guardDoors: async () => looksOn('1h'),
  };
}

/** At the balancers `edge` and `inner`. */
export function closuresOf(hosts: string[]): PlannedClosure[] {
  const doors = ['edge', 'inner'].map((balancer) => ({
    balancer,
    host: `host of ${balancer}`,
    backend: 'web',
    entry: Entry.parse({ port: 80 }),
    byHand: `open web at ${balancer}`,
  }));
  return [{ name: 'web', doors, flagFile: '/run/web/maintenance', hosts }];
}

export function pageOf(
  content: string,
  contact = 'ops',
  allow: AllowList = { addresses: [], passes: [] },
): PlannedPage {
  return { content, contact, languages: ['en'], timeZone: 'UTC', template: null, allow };
}

function planOf(cluster: Imagined, raw: object): Plan {
  const input = parseMaintenanceMode({ cluster: 'fake.yaml', content: 'a new disk', ...raw });
  const { start, end, durationMinutes, maxMinutes, announce, personDeadlineHours, unreachableSeconds } =
    input;
  const plan = cluster.plan({ personDeadlineHours, unreachableSeconds });
  const { content, contact = 'ops', allow } = input;
  const intent: MaintenanceIntent = {
    workflow: 'maintenanceMode',
    cluster: plan.intent.cluster,
    service: plan.intent.service,
    about: `closed for maintenance (${content})`,
    hosts: [],
    maxUnavailable: 0,
    steps: [],
    closures: closuresOf(cluster.hosts),
    page: pageOf(content, contact, allow),
    times: { start, end, durationMinutes, maxMinutes, announce },
    ...(cluster.notifications && { notifications: cluster.notifications }),
    settings: plan.intent.settings,
  };
  return { ...plan, intent, hash: digestOf(intent), same: digestOf(input) };
}
