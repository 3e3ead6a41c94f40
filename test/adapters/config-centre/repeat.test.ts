/** What is rendered again and again: read once, never with the secrets of before. */
import { openCentre, renderAll } from '../../../src/adapters/config-centre';
import { Recent } from '../../../src/adapters/config-centre/recent';
import { loadCluster } from '../../../src/adapters/cluster-file';
import { TestCentre, WEB } from './centre';

let centre: TestCentre;
beforeAll(async () => (centre = await TestCentre.make()));
afterAll(() => centre.remove());

async function rendered(commit: string, password = 'none') {
  const loaded = await loadCluster(centre.cluster);
  const tree = await (await openCentre(loaded)).treeOf('web', commit);
  const wanted = { cluster: loaded.cluster, service: 'web', tree, revision: commit };
  const files = await renderAll(wanted, () => password);
  return { tree, texts: files.get('n1')!.map(({ bytes }) => bytes.toString()) };
}

it('a commit is read once, by all who ask at the same time, and another one anew', async () => {
  const first = await centre.git.revparse(['HEAD']);
  const [one, other] = await Promise.all([rendered(first), rendered(first)]);
  expect(other.tree).toBe(one.tree);
  expect(other.texts).toEqual(one.texts);
  const next = await centre.commit({ 'web/files/motd': 'new' }, 'next');
  expect((await rendered(next)).texts[1]).toBe('new');
  expect((await rendered(first)).texts).toEqual(one.texts);
});

it('secrets are read each time, and kept nowhere', async () => {
  const commit = await centre.commit(
    {
      ...WEB,
      'web/config.yaml':
        'targets: [{ path: /etc/p, source: app.conf.liquid, sensitive: true, after: nothing }]\n',
      'web/values.yaml': 'password: { secret: env:DB }\n',
      'web/files/app.conf.liquid': '{{ password }}',
    },
    'secret',
  );
  for (const password of ['one', 'two']) expect((await rendered(commit, password)).texts).toEqual([password]);
});

it('keeps the last that were asked for, and nothing that failed', async () => {
  const recent = new Recent<string>(2);
  const made: string[] = [];
  const ask = (key: string) =>
    recent.get(key, () => {
      made.push(key);
      return key === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(key);
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  for (let times = 0; times < 2; times += 1) await expect(ask('bad')).rejects.toThrow('bad');
  expect(made).toEqual(['a', 'b', 'c', 'b', 'bad', 'bad']);
});
