/** An upgrade that wants a backup first: of hosts that have none yet, and of hosts that have one. */
import { makeRelease } from '../../lab/service';
import { backedUp, catalogue } from './backups';
import type { Ground } from './ground';
import { ended } from './ground';

jest.setTimeout(120_000);

let ground: Ground;
beforeAll(async () => (ground = await backedUp('test-fresh', 2)), 300_000);
afterAll(() => ground?.remove(), 60_000);

const upgrade = async (version: string, backup: object = {}) => {
  const artifact = await makeRelease({ version });
  const backups = [{ source: 'web-files', ...backup }];
  return ended(await ground.start({ version, artifact, backups }));
};

it('begins nothing where there is none, and none is to be taken', async () => {
  const { end, message } = await upgrade('1.1.0', { take: false });
  expect([end, message]).toEqual([
    'BadInput',
    expect.stringContaining('there is no backup of web-files on n1'),
  ]);
  expect(await catalogue(ground, 'web-files')).toEqual([]);
});

it('takes one of each host before any is touched', async () => {
  const { end, report } = await upgrade('1.1.0');
  expect(end).toBe('succeeded');
  expect(report.steps[0]).toMatchObject({ name: 'backup web-files', state: 'done' });
  const entries = await catalogue(ground, 'web-files');
  expect(entries.map(({ host }) => host).sort()).toEqual(['n1', 'n2']);
  const [first] = (await ground.starts('n1')).filter(({ version }) => version === '1.1.0');
  for (const { at, run } of entries) {
    expect(Date.parse(at)).toBeLessThan(Date.parse(first!.at));
    expect(run).toBe(`${report.id}-backup-web-files`);
  }
});

it('takes none where they are young enough', async () => {
  const { end, report } = await upgrade('1.2.0');
  expect([end, report.steps[0]?.note]).toEqual(['succeeded', 'not older than 60 min']);
  expect(await catalogue(ground, 'web-files')).toHaveLength(2);
});
