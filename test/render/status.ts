import type { Certificate } from '../../src/contracts/certificate';
import type { Drift } from '../../src/contracts/config-drift';
import type { HostStatus, Status } from '../../src/contracts/status';

export const host = (
  name: string,
  state: HostStatus['state'],
  more: Partial<HostStatus> = {},
): HostStatus => ({
  name,
  version: '1.0.0',
  state,
  balancers: { edge: { state: 'in', weight: 100, sessions: 0 } },
  ...more,
});

/** In the midst of its first batch: hosts that are done, on their way, lost, and not yet begun. */
export const status: Status = {
  workflow: 'rollingUpgrade',
  id: 'upgrade-web-2.0.0-20261123T1036',
  phase: 'running',
  planHash: 'c19e2c693b9406a8',
  cluster: 'lab',
  service: 'web',
  version: '2.0.0',
  batch: { index: 1, of: 2 },
  hosts: [
    host('n1', 'done', { version: '2.0.0' }),
    host('n10', 'draining', { balancers: { edge: { state: 'draining', weight: 100, sessions: 2 } } }),
    host('n11', 'unreachable', { note: 'no SSH session to n11: timed out' }),
    host('n12', 'staged'),
  ],
  steps: [],
  waitingFor: null,
  leftToDo: [],
  summary: 'batch 1 of 2: n1, n10',
  progress: 0.25,
  notes: [],
  messages: [],
  startedAt: '2026-11-23T10:36:00.000Z',
  endedAt: null,
};

export const certificate: Certificate = {
  text: '2 of 900 requests lost: 2 at n3 while it was put back (counted at edge)',
  requests: 900,
  lost: 2,
  repeated: 0,
  where: [{ at: 'n3', while: 'while it was put back', lost: 2 }],
  uncounted: {},
  probes: { asked: 0, failed: 0 },
};

export const drift: Drift = {
  ...{ wanted: 'web/2026-11-29.1', revision: 'abc', moreFindings: 0, moreDiffs: 3 },
  findings: [
    { host: 'n1', path: '/etc/a', kind: 'edited', text: 'was edited by hand', key: '1' },
    { host: 'n2', path: null, kind: 'behind', text: 'has revision old', key: '2' },
  ],
  diffs: [{ path: '/etc/a', hosts: ['n1'], text: '--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-a = 1\n+a = <2>' }],
  memory: { told: {}, correcting: {} },
};
