import { claimsOf, hostsIn, waitText } from '../../src/domain/turn';

const holders = [{ id: 'up-1', what: 'web → 1.4.2' }];

describe('a change in line says', () => {
  it.each([
    { line: null, phases: {}, says: 'the lease of this cluster has not answered yet' },
    {
      line: { place: 1, of: 1, holders, ahead: [] },
      phases: {},
      says: 'up-1 (web → 1.4.2) holds what this change needs; place 1 of 1 in line',
    },
    {
      line: { place: 2, of: 3, holders, ahead: [{ id: 'up-2', what: 'web → 1.5.0' }] },
      phases: { 'up-1': 'soaking' as const, 'up-2': 'queued' as const },
      says: 'up-1 (web → 1.4.2, soaking when asked) holds what this change needs; place 2 of 3 in line, behind up-2 (web → 1.5.0, queued when asked)',
    },
    {
      line: { place: 2, of: 2, holders: [], ahead: [{ id: 'up-2', what: 'web → 1.5.0' }] },
      phases: {},
      says: 'place 2 of 2 in line, behind up-2 (web → 1.5.0)',
    },
  ])('$says', ({ line, phases, says }) => {
    expect(waitText(line, phases)).toBe(says);
  });
});

it('an upgrade claims its service and its hosts for itself, and shares balancers', () => {
  const places = [{ balancer: 'edge', backend: 'web', server: 'n1' }];
  const claims = claimsOf(
    ['web'],
    [
      { name: 'n1', places },
      { name: 'n2', places },
    ],
  );
  expect(claims).toEqual([
    { name: 'service web', mode: 'exclusive' },
    { name: 'host n1', mode: 'exclusive' },
    { name: 'host n2', mode: 'exclusive' },
    { name: 'balancer edge', mode: 'shared' },
  ]);
  expect(hostsIn(claims)).toEqual(['n1', 'n2']);
});
