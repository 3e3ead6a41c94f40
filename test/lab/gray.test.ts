/** Shares of the requests that a new version gets, on real hosts behind a real HAProxy. */
import { startLoad } from '../../lab/load';
import { makeRelease } from '../../lab/service';
import { busy } from '../full';
import { ended, Ground, reached } from './ground';
import { expectPart } from './shares';
import { expectAllIn, underLoad } from './whole-run';

const HOSTS = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
/** Shares as the strategy has them, with times for a test. */
const BATCHES = [{ to: 1, share: 5 }, { to: 1, share: 15 }, { to: '30%', share: 30 }, '100%'].map((batch) =>
  typeof batch === 'object' ? { ...batch, soakSeconds: 3_600 } : batch,
);

/** Weights of those with the change, of all: one at 26 and at 88, then two at 86 each. */
const PARTS = [26 / 526, 88 / 588, 172 / 572];

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-gray', HOSTS.length);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(180_000);

it('gets 5, 15 and 30 % of the requests, then all, and loses none', async () => {
  const version = '1.1.0';
  const artifact = await makeRelease({ version });
  const { result, requests } = await underLoad(ground, async () => {
    const run = await ground.start({ version, artifact, batches: BATCHES });
    for (const [index, part] of PARTS.entries()) {
      await reached(run, ({ batch, phase }) => batch?.index === index + 1 && phase === 'soaking', 60_000);
      const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: busy(400) });
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      const { byVersion, ok } = await load.stop();
      expectPart({ hits: byVersion[version]?.ok ?? 0, all: ok }, part);
      await run.executeUpdate('promote', { args: [{ by: 'the test' }] });
    }
    return ended(run);
  });
  expect(result.end).toBe('succeeded');
  expect(requests.failures).toEqual([]);
  await expectAllIn(ground);
});
