import { differences } from '../../src/domain/differences';

const intent = {
  cluster: { name: 'lab', digest: 'a1' },
  hosts: [
    { name: 'n1', places: ['edge'] },
    { name: 'n2', places: ['edge'] },
    { name: 'n3', places: [] },
  ],
  batches: [['n1'], ['n2', 'n3']],
  previousArtifact: null,
};

it('there are none between a value and itself after JSON, whatever the order of its keys', () => {
  const { cluster, ...rest } = intent;
  expect(
    differences({ ...intent, more: undefined }, JSON.parse(JSON.stringify({ ...rest, cluster }))),
  ).toEqual([]);
});

it.each<{ what: string; after: unknown; found: object[] }>([
  {
    what: 'a field',
    after: { ...intent, cluster: { name: 'lab', digest: 'b2' } },
    found: [{ path: 'cluster.digest', before: 'a1', after: 'b2' }],
  },
  {
    what: 'a field that is new, and one that is gone',
    after: { ...intent, cluster: { name: 'lab', file: 'c.yaml' } },
    found: [
      { path: 'cluster.digest', before: 'a1', after: undefined },
      { path: 'cluster.file', before: undefined, after: 'c.yaml' },
    ],
  },
  {
    what: 'a host that is gone, by its name and not by its place',
    after: { ...intent, hosts: intent.hosts.slice(1) },
    found: [{ path: 'hosts.n1', before: 'n1', after: undefined }],
  },
  {
    what: 'the order of hosts',
    after: { ...intent, hosts: [...intent.hosts].reverse() },
    found: [{ path: 'hosts', before: 'n1, n2, n3', after: 'n3, n2, n1' }],
  },
  {
    what: 'a batch',
    after: { ...intent, batches: [['n1', 'n2'], ['n3']] },
    found: [
      { path: 'batches.0', before: '["n1"]', after: '["n1","n2"]' },
      { path: 'batches.1', before: '["n2","n3"]', after: '["n3"]' },
    ],
  },
  {
    what: 'something in place of nothing',
    after: { ...intent, previousArtifact: { size: 1 } },
    found: [{ path: 'previousArtifact', before: 'null', after: '{"size":1}' }],
  },
  {
    what: 'invisible and long text, escaped and cut',
    after: { ...intent, cluster: { name: `\u202e${'x'.repeat(100)}`, digest: 'a1' } },
    found: [{ path: 'cluster.name', before: 'lab', after: `\\u{202e}${'x'.repeat(71)}…` }],
  },
])('$what', ({ after, found }) => {
  expect(differences(intent, after)).toEqual(found);
});

it('names of ours are no words of JavaScript', () => {
  const hosts = (names: string[]) => ({ hosts: names.map((name) => ({ name })) });
  expect(differences(hosts(['constructor']), hosts(['constructor', 'toString']))).toEqual([
    { path: 'hosts.toString', before: undefined, after: 'toString' },
  ]);
});
