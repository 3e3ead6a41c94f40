import fc from 'fast-check';
import { numbered, runId } from '../../src/cli/run-id';
import { WORKFLOW_TYPES, workflowType } from '../../src/cli/workflow-types';

const type = workflowType('rollingUpgrade');
const now = new Date('2026-11-23T10:36:59Z');

it.each([
  { input: { service: 'web', version: '1.4.2' }, id: 'upgrade-web-1.4.2-20261123T1036' },
  { input: { service: 'web' }, id: 'upgrade-web-20261123T1036' },
  { input: {}, id: 'upgrade-20261123T1036' },
  { input: { service: null, version: [1] }, id: 'upgrade-20261123T1036' },
  // of several the first
  { input: { service: 'web', version: ['1', '2'] }, id: 'upgrade-web-1-20261123T1036' },
  { input: { service: 'web', version: 2 }, id: 'upgrade-web-2-20261123T1036' },
  { input: { service: 'a b/../c', version: '$(rm)\n' }, id: 'upgrade-a-b-..-c-rm-20261123T1036' },
  { input: { service: '数据库', version: '1:2~rc' }, id: 'upgrade-1-2~rc-20261123T1036' },
])('$input → $id', ({ input, id }) => {
  expect(runId(type, input, now)).toBe(id);
});

it('is short, harmless and of its minute, whatever the input holds', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.integer({ min: 1, max: 50 }), (service, version, count) => {
      const id = numbered(runId(type, { service, version }, now), count);
      expect(id).toMatch(/^upgrade-([A-Za-z0-9._+~-]+-)?20261123T1036(-\d+)?$/);
      expect(id.length).toBeLessThanOrEqual(200);
    }),
  );
  const long = runId(type, { service: 'x'.repeat(500), version: 'y'.repeat(500) }, now);
  expect(numbered(long, 50)).toMatch(/^upgrade-x{170,}-20261123T1036-50$/);
});

it('knows only the types of its table', () => {
  expect(() => workflowType('toString')).toThrow(
    'there is no workflow type toString; there are rollingUpgrade',
  );
  expect(Object.keys(WORKFLOW_TYPES)).toContain('rollingUpgrade');
});
