import { startLoad } from '../../lab/load';
import { makeRelease } from '../../lab/service';
import { Ground, ended, sampleServers } from './ground';

let ground: Ground;
beforeAll(async () => (ground = await Ground.up('test-runs', 6)), 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(180_000);

it('upgrades six hosts under load without losing a request', async () => {
  const load = await startLoad({
    url: `http://${ground.address('lb1')}/`,
    rate: 400,
    slow: { everyMs: 4_000 },
  });
  const sampler = sampleServers(ground);
  const { end, report } = await ended(
    await ground.start({ version: '1.1.0', artifact: await makeRelease({ version: '1.1.0' }) }),
  );
  const { mostOut, samples } = await sampler.stop();
  const counts = await load.stop();
  expect(end).toBe('succeeded');
  expect(counts.failures).toEqual([]);
  expect(counts.sent).toBeGreaterThan(3_000);
  expect(counts.slow.ok).toBeGreaterThan(0);
  expect(samples).toBeGreaterThan(50);
  expect(mostOut).toHaveLength(1);
  for (const { name, version, balancers } of report.hosts) {
    expect([name, version, balancers['edge']]).toEqual([
      name,
      '1.1.0',
      { state: 'in', weight: 100, sessions: expect.any(Number) },
    ]);
    expect((await ground.starts(name)).map((start) => start.version)).toEqual(['1.0.0', '1.1.0']);
  }
});
