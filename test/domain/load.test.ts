import { capacityText, hostsNeeded, shareOut, tooMuchFor, type Inflow } from '../../src/domain/load';

const leaves = { who: 'n3', then: 'without it' };
const capacity = { requestsPerSecond: 200, percent: 80 };
const alike = (rate: number, hosts: number): Inflow[] => [
  { rate, weights: Object.fromEntries(Array.from({ length: hosts }, (_, nth) => [`h${nth + 1}`, 100])) },
];

it.each([
  [0, 0],
  [1, 1],
  [160, 1],
  [161, 2],
  [610, 4],
  [1_220, 8],
])('%d a second need %d hosts', (rate, hosts) => {
  expect(hostsNeeded(rate, capacity)).toBe(hosts);
});

it.each([
  { rate: 610, left: 5, may: true },
  { rate: 610, left: 4, may: true },
  { rate: 640, left: 4, may: true },
  { rate: 641, left: 4, may: false },
  { rate: 610, left: 3, may: false },
  { rate: 0, left: 0, may: true },
  { rate: 1, left: 0, may: false },
])('$rate a second, $left left: may leave $may', ({ rate, left, may }) => {
  expect(tooMuchFor(leaves, alike(rate, left), capacity) === null).toBe(may);
});

it('says what keeps a host, in figures', () => {
  expect(tooMuchFor(leaves, alike(610, 3), capacity)).toBe(
    'n3 waits for load: 610/s come; without it h1 would get 203/s, and a host takes 160/s at most (80 % of 200/s); 4 hosts are needed',
  );
  expect(tooMuchFor(leaves, alike(10, 0), capacity)).toContain('nobody would serve');
  expect(capacityText({ requestsPerSecond: 500, percent: 100 })).toBe(
    'a host takes 500/s at most (100 % of 500/s)',
  );
});

it('follows weights, at each balancer by itself', () => {
  const inflows = [
    { rate: 300, weights: { n1: 100, n2: 200 } },
    { rate: 50, weights: { n1: 1, n2: 1 } },
  ];
  expect(shareOut(inflows)).toEqual({ n1: 125, n2: 225 });
  expect(tooMuchFor(leaves, inflows, capacity)).toContain('n2 would get 225/s');
});

it('a server of weight 0 gets nothing, and cannot save a backend', () => {
  expect(shareOut([{ rate: 10, weights: { n1: 0 } }])).toEqual({ n1: 0 });
  expect(tooMuchFor(leaves, [{ rate: 10, weights: { n1: 0 } }], capacity)).toContain('nobody would serve');
});
