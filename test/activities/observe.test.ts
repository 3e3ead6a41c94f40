/** How a host is looked at before a change, with a world in memory. */
import { mustServe, observeHost } from '../../src/activities/plan/observe';
import type { World } from '../../src/activities/world';
import { PawlError } from '../../src/contracts/failures';
import type { TrafficFacts } from '../../src/contracts/world';

const SERVICE = {
  name: 'web',
  unit: 'web.service',
  release: { kind: 'deb' as const, package: 'web' },
  limits: { switchSeconds: 1, healthySeconds: 1, freeMiB: 64, keepReleases: 5 },
};
const HOST = { name: 'n1', port: 8080, places: [{ balancer: 'edge', backend: 'web', server: 'n1' }] };
const MACHINE = 'active=active\nload=loaded\nversion=1.0.0\nfreeMiB=1000\nkept=\n';

const facts = (says: string): TrafficFacts => ({
  ...{ says, state: says === 'UP' ? 'in' : 'down', healthy: says === 'UP' },
  ...{ weight: 100, sessions: 0, generation: '1' },
});

/** @param words what the balancer says, look by look; the last one stays */
async function observe(words: string[], stdout: string | PawlError = MACHINE) {
  let looks = 0;
  const world = {
    hosts: {
      on: () => ({
        run: () =>
          stdout instanceof PawlError
            ? Promise.reject(stdout)
            : Promise.resolve({ code: 0, stdout, stderr: '', truncated: false }),
      }),
    },
    balancer: () => ({
      server: () => Promise.resolve(facts(words[Math.min(looks++, words.length - 1)]!)),
    }),
  } as unknown as World;
  const { mistakes } = await observeHost(world, SERVICE, HOST, new AbortController().signal, mustServe);
  return { looks, found: mistakes.map(({ code, value }) => `${code} ${value}`) };
}

it('a host that misses a check and is found well again is no mistake', async () => {
  expect(await observe(['UP 1/2', 'UP 1/2', 'UP'])).toEqual({ looks: 3, found: [] });
});

it('one that stays down is, after three seconds', async () => {
  const { looks, found } = await observe(['UP 1/2', 'DOWN']);
  expect(found).toEqual(['notInRotation DOWN']);
  expect(looks).toBeGreaterThan(5);
});

it('what would be one whatever the balancer says is said at once', async () => {
  const stopped = MACHINE.replace('active=active', 'active=inactive');
  expect(await observe(['UP'], stopped)).toEqual({ looks: 1, found: ['notActive inactive'] });
});

it('nobody waits for a host that cannot be reached', async () => {
  const gone = new PawlError('HostUnreachable', 'n1 gives no answer');
  expect(await observe(['DOWN'], gone)).toEqual({
    looks: 1,
    found: ['HostUnreachable HostUnreachable', 'notInRotation DOWN'],
  });
});
