import type { Requests, ServerTally } from '../../../src/contracts/gate';
import { counted, noRequests } from '../../../src/domain/tally';
import { reachHaproxy, signal, type Reached } from './reached';

let at: Reached;
beforeAll(async () => (at = await reachHaproxy()));
afterAll(() => at.stop());
beforeEach(async () => {
  await at.reset();
  // all requests go to n1
  for (const server of ['n2', 'n3']) await at.set(server, { state: 'out' });
});

const shown = async (server: string) => (await at.balancer.requests(at.real.backend, signal))[server]!;
const ask = (path: string) => at.real.request(path).catch(() => undefined);

/** What came to n1 meanwhile. */
async function during(work: () => Promise<unknown>): Promise<Requests> {
  const { generation, requests } = await shown('n1');
  const before: ServerTally = { host: 'n1', generation, last: requests, sum: noRequests() };
  await work();
  return counted(before, await shown('n1')).sum;
}

it.each([
  { what: 'good answers', path: '/', is: { answers: 3, serverErrors: 0, failures: 0 } },
  { what: 'errors of clients', path: '/?status=404', is: { answers: 3, serverErrors: 0, failures: 0 } },
  { what: 'errors of the service', path: '/?status=500', is: { answers: 3, serverErrors: 3, failures: 0 } },
  { what: 'its own 503', path: '/?status=503', is: { answers: 3, serverErrors: 3, failures: 0 } },
])('counts $what', async ({ path, is }) => {
  expect(
    await during(async () => {
      for (let n = 0; n < 3; n += 1) await ask(path);
    }),
  ).toEqual(is);
});

it('counts connections that are dropped, and never an answer for them', async () => {
  at.real.servers['n1']!.refuse = true;
  const seen = await during(() => ask('/')).finally(() => (at.real.servers['n1']!.refuse = false));
  expect(seen).toEqual({ answers: 0, serverErrors: 0, failures: 1 });
});

it('counts an answer that is cut as none', async () => {
  const { answers, failures } = await during(() => ask('/?cut'));
  expect(answers).toBe(0);
  expect(failures).toBeGreaterThanOrEqual(1);
});

it('goes on counting over a reload and over cleared counters', async () => {
  const seen = await during(async () => {
    await ask('/');
    await at.real.reload();
    for (const server of ['n2', 'n3']) await at.set(server, { state: 'out' });
    await at.shows('n1', { state: 'in', says: 'UP' });
    await ask('/');
    await ask('/?status=500');
  });
  // what the old process counted after the last look is lost with it
  expect(seen).toEqual({ answers: 2, serverErrors: 1, failures: 0 });
  expect(
    await during(async () => {
      await at.real.ask('clear counters all');
      await ask('/');
    }),
  ).toEqual({ answers: 1, serverErrors: 0, failures: 0 });
});

it('says that a backend is not there', async () => {
  expect(await at.balancer.requests('nobody', signal)).toEqual({});
});
