import { installDeb, makeDeb } from '../../lab/service';
import { until } from '../../lab/hosts/wait';
import { Ground, ended } from './ground';
import { expectAllIn, expectTruth, installed, startsFromNow, underLoad } from './whole-run';

const HOSTS = ['n1', 'n2', 'n3'];
const deb = { service: 'webdeb', batches: [1, '100%'] };

let ground: Ground;
let first: Awaited<ReturnType<typeof makeDeb>>;
beforeAll(async () => {
  ground = await Ground.up('test-debs', HOSTS.length, { limits: { healthySeconds: 8 } });
  first = await makeDeb({ version: '1.0.0' });
  await Promise.all(HOSTS.map((host) => installDeb(ground.name, host, first)));
  // the service was there before HAProxy's next checks found it
  const allUp = async () => Object.values(await ground.servers('webdeb')).every((says) => says === 'UP');
  await until('all hosts are up', 30, async () => ((await allUp()) ? true : undefined), 50);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

const run = (input: object) =>
  underLoad(ground, async () => ended(await ground.start({ ...deb, ...input })), { port: 81 });

it('is not begun when no host keeps the package to go back to', async () => {
  const started = await startsFromNow(ground, 'webdeb');
  const artifact = await makeDeb({ version: '1.1.0' });
  const { end, message } = await ended(await ground.start({ ...deb, version: '1.1.0', artifact }));
  expect(end).toBe('BadInput');
  expect(message.split('\n').slice(1)).toEqual(HOSTS.map((host) => `hosts.${host}: 1.0.0: ${NO_WAY_BACK}`));
  expect(await started()).toEqual({});
});
const NO_WAY_BACK = 'the host keeps no package of this version to go back to; name it as previousArtifact';

it('is not begun when the file is another package than planned', async () => {
  const started = await startsFromNow(ground, 'webdeb');
  const artifact = await makeDeb({ version: '1.1.0' });
  const { result, mostOut } = await run({ version: '1.1.1', artifact, previousArtifact: first });
  expect([result.end, result.message]).toEqual([
    'Failed',
    expect.stringContaining('the package says Package: pawl-example Version: 1.1.0'),
  ]);
  expect(result.message).toContain('no host was taken out of rotation');
  expect([mostOut, await started()]).toEqual([[], {}]);
});

it('goes to all hosts without losing a request', async () => {
  const started = await startsFromNow(ground, 'webdeb');
  const artifact = await makeDeb({ version: '1.1.0' });
  const { result, requests, mostOut } = await run({ version: '1.1.0', artifact, previousArtifact: first });
  expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('webdeb runs')]);
  expect(requests.failures).toEqual([]);
  expect(mostOut).toHaveLength(1);
  expect(await started()).toEqual(Object.fromEntries(HOSTS.map((host) => [host, ['1.1.0']])));
  await expectTruth(ground, result.report);
  await expectAllIn(ground, 'webdeb');
});

it('that is bad is undone with the package that the host keeps', async () => {
  const started = await startsFromNow(ground, 'webdeb');
  const artifact = await makeDeb({ version: '1.2.0~rc1', behaviour: { willNotStart: true } });
  const { result, requests, mostOut } = await run({ version: '1.2.0~rc1', artifact });
  expect([result.end, result.message]).toEqual(['RolledBack', expect.stringContaining('n1')]);
  expect(requests.failures).toEqual([]);
  expect(mostOut).toHaveLength(1);
  expect(await started()).toEqual({ n1: ['1.2.0~rc1', '1.1.0'] });
  expect(await installed(ground, 'n1', 'webdeb')).toBe('1.1.0');
  await expectTruth(ground, result.report);
  await expectAllIn(ground, 'webdeb');
});

it('may be older than the one before', async () => {
  const started = await startsFromNow(ground, 'webdeb');
  const { result, requests } = await run({ version: '1.0.0', artifact: first, hosts: ['n2'] });
  expect([result.end, result.message]).toEqual(['succeeded', expect.stringContaining('webdeb runs')]);
  expect(requests.failures).toEqual([]);
  expect(await started()).toEqual({ n2: ['1.0.0'] });
  await expectTruth(ground, result.report);
});
