/** One event of each kind, as a change or a maintenance tells it. */
import type { Announcement, FactsOf, MessageKind } from '../../../src/contracts/notifications';

const maintenance = {
  from: '2026-11-24T20:00:00.000Z',
  to: '2026-11-24T21:30:00.000Z',
  minutes: 90,
  why: 'new disks',
  contact: 'ops@example.org',
};

export const FACTS: FactsOf = {
  began: { hosts: 6, batches: 3 },
  waitsForPerson: {
    what: 'approve plan 0123456789ab',
    until: '2026-11-27T20:00:00.000Z',
    then: 'the change counts as failed',
    command: 'pawl get upgrade-web-2.0.0',
  },
  progress: { done: 2, hosts: 6, batch: 1, batches: 3, percent: 33 },
  hostFailed: { host: 'n2', why: '/health answers 500' },
  undone: { complete: true, why: 'n2: /health answers 500' },
  ended: { end: 'succeeded', well: true, summary: 'web runs 2.0.0 on 6 hosts', minutes: 12, leftToDo: [] },
  maintenanceAnnounced: maintenance,
  maintenanceStarted: maintenance,
  maintenanceExtended: maintenance,
  maintenanceEnded: maintenance,
  maintenanceCancelled: maintenance,
  alert: {
    what: 'the error rate is 12 %',
    since: '2026-11-24T20:00:00.000Z',
    effect: 'some orders cannot be placed',
    expected: 'back in 30 min',
  },
  allClear: { what: 'the error rate', since: '2026-11-24T20:00:00.000Z', minutes: 31 },
  drift: {
    news: ['n2: /etc/web/settings.json edited: was edited by hand'],
    more: 3,
    hosts: 2,
    wanted: 'web/2026-11-24.1',
    correction: 'config-web-drift-0123456789ab',
  },
  backupTrouble: { news: ['db1 is not backed up: the server does not answer'], more: 0 },
  test: { by: 'anna' },
};

export const KINDS = Object.keys(FACTS) as MessageKind[];

export function event<K extends MessageKind>(kind: K, facts: Partial<FactsOf[K]> = {}, id = `change/run#7`) {
  return {
    id,
    kind,
    at: '2026-11-24T20:00:00.000Z',
    cluster: 'shop',
    service: 'web',
    version: '2.0.0',
    change: 'upgrade-web-2.0.0',
    facts: { ...FACTS[kind], ...facts },
  } as Announcement;
}
