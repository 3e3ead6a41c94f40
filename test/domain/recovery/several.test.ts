import type { PlannedHost } from '../../../src/contracts/plan';
import { servicesOf, trafficOf, withVersion } from '../../../src/domain/recovery/several';

const host = (name: string): PlannedHost => ({ name, places: [] });

it('tells the services of a host apart', () => {
  const members = { web: [host('n1'), host('n2')], api: [host('n1')] };
  expect([servicesOf(members, 'n1'), servicesOf(members, 'n2'), servicesOf(members, 'n3')]).toEqual([
    ['web', 'api'],
    ['web'],
    [],
  ]);
  const facts = { state: 'in' as const, weight: 100, sessions: 0 };
  expect(trafficOf('web', { edge: facts })).toEqual({ 'edge (web)': facts });
});

it.each([
  ['', 'web', '1.0.0', 'web 1.0.0'],
  ['unknown', 'web', '1.0.0', 'web 1.0.0'],
  ['web 1.0.0', 'api', '', 'web 1.0.0, api unknown'],
  ['web 1.0.0, api 7', 'api', '8', 'web 1.0.0, api 8'],
  ['web 1.0.0, api 7', 'web', '1.1.0', 'web 1.1.0, api 7'],
])('%j with %s %s', (shown, service, version, text) => {
  expect(withVersion(shown, service, version)).toBe(text);
});
