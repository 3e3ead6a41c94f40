import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadCluster } from '../../src/adapters/cluster-file';
import type { Mistake, PawlError } from '../../src/contracts/failures';

const folder = mkdtempSync(join(tmpdir(), 'pawl-cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'cluster.yaml');

const GOOD = `cluster: lab
hosts:
  n1: { roles: [app], address: 10.0.0.1 }
  n2: { roles: [app], address: 10.0.0.2, port: 2222 }
  lb1:
    roles: [balancer]
balancers:
  edge: { kind: haproxy, host: lb1 }
services:
  web:
    role: app
    unit: web.service
    port: 8080
    release: { kind: tarball, releases: /opt/web/releases, current: /opt/web/current }
    health: { path: /health }
    routes:
      - { balancer: edge, backend: web, servers: { n2: web-2 } }
`;

const ROUTES = GOOD.slice(GOOD.indexOf('    routes:'));

function load(text: string | Buffer) {
  writeFileSync(file, text);
  return loadCluster(file);
}

async function mistakesIn(text: string | Buffer): Promise<Mistake[]> {
  const error = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  expect(error).toMatchObject({ type: 'BadInput' });
  return (error as PawlError & { details: { mistakes: Mistake[] } }).details.mistakes;
}

/** As people see it. */
const lineOf = ({ code, path, value, rule }: Mistake) => `${path} | ${code} | ${value} | ${rule}`;

/** The good file with one passage replaced. */
function but(passage: string, replacement: string): string {
  expect(GOOD).toContain(passage);
  return GOOD.replace(passage, () => replacement);
}

describe('a good file', () => {
  it('is loaded with defaults, its folder and a digest', async () => {
    const { cluster, folder: found, digest } = await load(GOOD);
    expect(found).toBe(folder);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(cluster.balancers['edge']).toEqual({
      kind: 'haproxy',
      host: 'lb1',
      socket: '/run/haproxy/admin.sock',
    });
    expect(cluster.services['web']?.limits).toEqual({
      switchSeconds: 120,
      healthySeconds: 60,
      freeMiB: 64,
      keepReleases: 5,
    });
  });

  it('keeps its digest when only comments, order and spacing change, and no longer', async () => {
    const digest = async (text: string) => (await load(text)).digest;
    const first = await digest(GOOD);
    expect(await digest(`# hello\n\n${GOOD.replace('cluster: lab\n', '')}cluster:   lab\n`)).toBe(first);
    expect(await digest(but('8080', '8081'))).not.toBe(first);
  });

  it.each<readonly [string, string]>([
    [
      'aliases',
      but('roles: [app], address: 10.0.0.1', 'roles: &app [app]').replace('roles: [app], ', 'roles: *app, '),
    ],
    ['quoted words', but('  lb1:', '  "no": { roles: [x] }\n  "1e3": { roles: [x] }\n  lb1:')],
    ['a byte order mark', `\uFEFF${GOOD}`],
    ['Windows line ends', GOOD.replaceAll('\n', '\r\n')],
    ['JSON', JSON.stringify({ cluster: 'x', hosts: { a: { roles: ['b'] } }, balancers: {}, services: {} })],
    [
      'a jump host of ssh_config',
      but('cluster: lab', 'cluster: lab\nssh: { config: c }').replace(
        '{ roles: [app]',
        '{ proxyJump: bastion, roles: [app]',
      ),
    ],
    ...[
      '../config',
      'https://git:8443/x.git',
      'ssh://git@git:22/x',
      'git@git:a/x.git',
      'file:///srv/x',
      'ssh://[::1]/x',
    ].map(
      (repository) =>
        [
          repository,
          `${GOOD}config: { repository: '${repository}', sync: { web: { batches: [1, '100%'] } } }\n`,
        ] as const,
    ),
    ['a service that no balancer knows', but(ROUTES, '    routes: []\n')],
    [
      'health by a command',
      but('{ path: /health }', '{ command: [mariadb, --execute, SELECT 1], timeoutSeconds: 5 }'),
    ],
    ['a jump through a host', but('{ roles: [app]', '{ proxyJump: lb1, roles: [app]')],
  ])('may have %s', async (_what, text) => {
    expect(await mistakesIn(text)).toEqual([]);
  });

  it('is the example of the lab', async () => {
    const { cluster } = await loadCluster(resolve(__dirname, '../../examples/lab/cluster.yaml'));
    expect(Object.keys(cluster.hosts)).toEqual(['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'lb1', 'db1', 'bk1']);
  });
});

it.each<[string, string | Buffer, ...string[]]>([
  // not a cluster at all
  ['an empty file', '', 'cluster.yaml:1:1 | empty'],
  ['comments alone', '# nothing\n', 'cluster.yaml:1:1 | empty'],
  ['a list', '- cluster: lab\n', 'cluster.yaml:1:1 | wrongType | a list of 1 | must be a map'],
  ['a word', 'lab', 'cluster.yaml:1:1 | wrongType | lab | must be a map'],
  ['null', '~', 'cluster.yaml:1:1 | wrongType | null | must be a map'],
  ['an empty map', '{}', 'cluster | missing', 'hosts | missing', 'balancers | missing', 'services | missing'],
  ['two documents', `${GOOD}---\n${GOOD}`, 'cluster.yaml:18:1 | syntax'],
  ['binary', Buffer.from([0xff, 0xfe, 0x00]), 'cluster.yaml | notText'],
  ['257 KiB', `${GOOD}#${'x'.repeat(257 * 1024)}`, 'cluster.yaml | tooLarge'],
  // YAML
  [
    'tabs',
    but('    roles: [balancer]', '\troles: [balancer]'),
    'cluster.yaml:6:1 | syntax | \\u{9} | tabs cannot indent',
  ],
  ['an open quote', but('lab', '"lab'), 'syntax'],
  ['an unknown tag', but('lab', '!env lab'), 'cluster.yaml:1:10 | syntax | ! | Unresolved tag'],
  [
    'a key twice',
    but('    port: 8080', '    port: 8080\n    port: 8081'),
    'cluster.yaml:14:5 services.web.port | key | port | this key stands twice',
  ],
  [
    'a host twice',
    but('  n2:', '  n1:'),
    'cluster.yaml:4:3 hosts.n1 | key | n1 | this key stands twice',
    'servers.n2 | unknownName | n2',
  ],
  [
    '__proto__',
    but('hosts:', 'hosts:\n  __proto__: { roles: [app] }'),
    'cluster.yaml:3:3 hosts.__proto__ | key | __proto__ | this word cannot be a name',
  ],
  ['__proto__ above', `${GOOD}__proto__: { x: 1 }\n`, 'cluster.yaml:18:1 __proto__ | key'],
  [
    'the name no',
    but('  n1:', '  no:'),
    'cluster.yaml:3:3 hosts.no | key | no | some YAML readers do not take this for a name',
  ],
  ['the name 1e3', but('  n1:', '  1e3:'), 'cluster.yaml:3:3 hosts.1e3 | key | 1e3'],
  ['the name 12:30', but('  n1:', '  12:30:'), 'cluster.yaml:3:3 hosts.12:30 | key'],
  [
    'the role on',
    but('[app], address: 10.0.0.1', '[app, on]'),
    'cluster.yaml:3:22 hosts.n1.roles.1 | ambiguous | on',
  ],
  [
    'the role 1e3',
    but('[app], address: 10.0.0.1', '[app, 1e3]'),
    'hosts.n1.roles.1 | wrongType | 1000 | must be text; put it in quotes',
  ],
  [
    'yes for true',
    but('cluster: lab', 'cluster: lab\nssh: { sudo: yes }'),
    'cluster.yaml:2:14 ssh.sudo | ambiguous',
    'ssh.sudo | wrongType | yes | must be true or false',
  ],
  ['a map as a key', '? { a: 1 }\n: 2\n', 'cluster.yaml:1:3 | syntax'],
  ['an unknown alias', but('lab', '*name'), 'cluster.yaml:1:10 | alias'],
  ['an alias in itself', but('lab', '&a [*a]'), 'cluster | wrongType | a list of 1 | must be text'],
  ['an alias bomb', bomb(), 'alias | an alias | Excessive alias count'],
  // shape
  [
    'an unknown key',
    `${GOOD}servces: {}\n`,
    'cluster.yaml:18:1 servces | unknownKey | servces | no such key (did you mean "services"?)',
  ],
  [
    'an unknown key inside',
    but('health: { path: /health }', 'health: { path: /health, timeoutSecond: 3 }'),
    'cluster.yaml:15:30 services.web.health.timeoutSecond | unknownKey | timeoutSecond | no such key (did you mean "timeoutSeconds"?); there are path, command, timeoutSeconds',
  ],
  [
    'an unknown key of a release',
    but('current: /opt/web/current', 'curent: /x'),
    'release.curent | unknownKey | curent | no such key (did you mean "current"?)',
    'release.current | missing',
  ],
  [
    'a missing role',
    but('    role: app\n', ''),
    'cluster.yaml:11:5 services.web.role | missing | nothing | needed: text',
  ],
  [
    'no hosts',
    'cluster: lab\nhosts: {}\nbalancers: {}\nservices: {}\n',
    'cluster.yaml:2:8 hosts | invalid | a map of 0 | at least one host',
  ],
  [
    'hosts as a list',
    'cluster: lab\nhosts: [n1]\nbalancers: {}\nservices: {}\n',
    'cluster.yaml:2:8 hosts | wrongType | a list of 1 | must be a map',
  ],
  ['port 0', but('8080', '0'), 'cluster.yaml:13:11 services.web.port | outOfRange | 0 | at least 1'],
  [
    'port 70000',
    but('2222', '70000'),
    'cluster.yaml:4:48 hosts.n2.port | outOfRange | 70000 | at most 65535',
  ],
  ['port 1.5', but('8080', '1.5'), 'services.web.port | wrongType | 1.5 | must be a whole number'],
  ['a port as text', but('8080', '"8080"'), 'services.web.port | wrongType | 8080 | must be a number'],
  ['an empty port', but('port: 8080', 'port:'), 'services.web.port | wrongType | null | must be a number'],
  [
    'another balancer',
    but('haproxy', 'haprox'),
    'balancers.edge.kind | wrongShape | haprox | one of haproxy, nginx (did you mean "haproxy"?)',
  ],
  [
    'a capacity that nobody could keep',
    but('kind: haproxy', 'kind: nginx').replace(
      '    role: app\n',
      '    role: app\n    capacity: { requestsPerSecond: 100 }\n',
    ),
    'services.web.capacity | notCounted | a map of 1 | edge is an nginx and counts no requests, so nobody knows the load',
  ],
  [
    'backups of nowhere, to nowhere',
    `${GOOD}backups: { store: { host: bk, password: 'env:P' }, sources: { a: { kind: folders, role: ap, folders: [/etc] }, b: { kind: mariadb, host: n9 } } }\n`,
    'backups.store.host | unknownName | bk |',
    'backups.sources.a.role | unknownName | ap | there is no such name (did you mean "app"?)',
    'backups.sources.b.host | unknownName | n9 | there is no such name; there are n1, n2, lb1',
  ],
  [
    'backups of odd things',
    `${GOOD}backups: { store: { host: n1, password: hunter2 }, sources: { a: { kind: folders, folders: [etc, /a/../b] }, b: { kind: postgres, host: n1 }, d: { kind: mysql, host: n1, method: physical }, c: { kind: mariadb, host: n1, role: app, keep: { days: 0 } } } }\n`,
    'backups.store.password',
    'backups.sources.a | invalid | a map of 2 | either role or host',
    'backups.sources.c | invalid | a map of 4 | either role or host',
    'backups.sources.a.folders.0 | invalidFormat | etc |',
    'backups.sources.a.folders.1 | invalid | /a/../b | no ".." in a path',
    'backups.sources.b.kind | wrongShape | postgres | one of mariadb, mysql, folders',
    'backups.sources.c.keep.days | outOfRange | 0 | at least 1',
    'backups.sources.d.method | notAllowed | physical | one of logical',
  ],
  [
    'a capacity of what nobody counts',
    but(ROUTES, '    routes: []\n    capacity: { requestsPerSecond: 100 }\n'),
    'services.web.capacity | notCounted | a map of 1 | no balancer counts its requests: routes is empty',
  ],
  ['no routes at all', but(ROUTES, ''), 'services.web.routes | missing | nothing | needed: a list'],
  [
    'health by nothing',
    but('{ path: /health }', '{}'),
    'services.web.health | invalid | a map of 0 | either path or command',
  ],
  [
    'health by two things',
    but('{ path: /health }', '{ path: /health, command: [x] }'),
    'services.web.health | invalid | a map of 2 | either path or command',
  ],
  [
    'health that an nginx cannot ask for',
    but('kind: haproxy', 'kind: nginx').replace('{ path: /health }', '{ command: [x] }'),
    'services.web.routes.0.balancer | noPath | edge | edge is an nginx and checks no server by itself: health needs a path to ask at',
  ],
  [
    'a capacity of nothing',
    but('    role: app\n', '    role: app\n    capacity: { requestsPerSecond: 0, percent: 120 }\n'),
    'services.web.capacity.requestsPerSecond | outOfRange | 0 | at least 0.1',
    'services.web.capacity.percent | outOfRange | 120 | at most 100',
  ],
  [
    'another release',
    but('tarball', 'rpm'),
    'services.web.release.kind | wrongShape | rpm | one of tarball, deb',
  ],
  [
    'a name with a space',
    but('  n1:', '  "n 1":'),
    'cluster.yaml:3:3 hosts.n 1 | invalidName | n 1 | letters, digits',
  ],
  [
    'a path with ..',
    but('/opt/web/current', '/opt/../etc'),
    'release.current | invalid | /opt/../etc | no ".."',
  ],
  [
    'a path for a shell',
    but('/opt/web/current', '"/opt/$(id)"'),
    'release.current | invalidFormat | /opt/$(id) | an absolute path',
  ],
  [
    'an address that is an option',
    but('10.0.0.1', '-oProxyCommand=id'),
    'hosts.n1.address | invalidFormat | -oProxyCommand=id',
  ],
  ['NUL in an address', but('10.0.0.1', '"a\\0b"'), 'hosts.n1.address | invalidFormat | a\\u{0}b'],
  [
    'a turned-round name',
    but('lab', '"\u202elab"'),
    'cluster.yaml:1:10 cluster | invalidFormat | \\u{202e}lab',
  ],
  ['a long value', but('lab', 'x'.repeat(5_000)), `${'x'.repeat(79)}… | letters`],
  // secrets
  [
    'a password',
    but('cluster: lab', 'cluster: lab\nssh: { password: hunter2 }'),
    'cluster.yaml:2:8 ssh.password | secret | (hidden) | no secrets here',
  ],
  [
    'a token of a host',
    but('address: 10.0.0.1', 'apiToken: hunter2'),
    'hosts.n1.apiToken | secret | (hidden)',
  ],
  [
    'a password where a host belongs',
    but('  n1:', '  password: hunter2\n  n1:'),
    'hosts.password | wrongType | (hidden)',
  ],
  ...(
    [
      ['https://me:hunter2@git/x', 'https://(hidden)@git/x | no user and no password in a URL'],
      ['https://hunter2@git/x', 'https://(hidden)@git/x | no user and no password in a URL'],
      ['ssh://git:hunter2@git/x', 'ssh://(hidden)@git/x | no user and no password in a URL'],
      ['http://git/x', 'http://git/x | a folder, or a URL'],
      ['ext::sh -c id', 'ext::sh -c id | a folder, or a URL'],
      ['git://git/x', 'a folder, or a URL'],
      ['ssh://-oProxyCommand=id/x', 'a folder, or a URL'],
      ['git@-oProxyCommand=id:x', 'a folder, or a URL'],
      ['git@git:-x', 'a folder, or a URL'],
      ['--upload-pack=id', 'a path; relative ones begin where this file lies'],
    ] as const
  ).map(([repository, said]): [string, string, string] => [
    `the repository ${repository}`,
    `${GOOD}config: { repository: '${repository}' }\n`,
    said,
  ]),
  ...(
    [
      ['{ rules: [] }', 'config.rights.rules | outOfRange'],
      ["{ rules: [{ paths: ['**'] }] }", 'needs signers, requesters, or both'],
      [
        "{ rules: [{ paths: ['/web/**'], requesters: [a] }] }",
        'a path of the repository such as web/values/**',
      ],
      ["{ rules: [{ paths: ['../x'], requesters: [a] }] }", 'no "." or ".."'],
      ["{ rules: [{ paths: ['web/**x'], requesters: [a] }] }", '** only as a whole part of the path'],
      [
        "{ rules: [{ paths: ['**'], signers: [ann@x] }] }",
        'cluster.yaml:18:70 config.rights.rules.0.signers | incomplete | a list of 1 | needs keys of signers',
      ],
      ["{ rules: [{ paths: ['**'], requesters: [a] }], since: main }", 'a whole commit'],
      [
        "{ rules: [{ paths: ['**'], requesters: [a], signer: [a] }] }",
        'no such key (did you mean "signers"?)',
      ],
    ] as const
  ).map(([rights, said]): [string, string, string] => [
    `the rights ${rights}`,
    `${GOOD}config: { repository: x, rights: ${rights} }\n`,
    said,
  ]),
  [
    'releases of a service that is not there',
    `${GOOD}config: { repository: x, sync: { wbe: {} } }\n`,
    'config.sync.wbe | unknownName | wbe | there is no such name (did you mean "web"?)',
  ],
  [
    'what a release says itself',
    `${GOOD}config: { repository: x, sync: { web: { revision: main, batches: [0] } } }\n`,
    'config.sync.web.revision | unknownKey',
    'config.sync.web.batches.0',
  ],
  [
    'a password in a URL',
    `${GOOD}artifacts: { allowedUrls: ["https://me:hunter2@files.test/"] }\n`,
    'artifacts.allowedUrls.0 | invalidFormat | https://(hidden)@files.test/',
  ],
  [
    'a private key',
    but('address: 10.0.0.1', 'hostKey: "-----BEGIN OPENSSH PRIVATE KEY----- hunter2"'),
    'hosts.n1.hostKey | invalidFormat | (hidden)',
  ],
  // names that must fit
  [
    'a role that nobody has',
    but('role: app', 'role: ap'),
    'cluster.yaml:11:11 services.web.role | unknownName | ap | there is no such name (did you mean "app"?); there are app, balancer',
  ],
  [
    'a route to an unknown balancer',
    but('balancer: edge', 'balancer: egde'),
    'cluster.yaml:17:21 services.web.routes.0.balancer | unknownName | egde | there is no such name (did you mean "edge"?); there are edge',
  ],
  [
    'a balancer on an unknown host',
    but('host: lb1', 'host: lb2'),
    'cluster.yaml:8:32 balancers.edge.host | unknownName | lb2 | there is no such name (did you mean "lb1"?); there are n1, n2, lb1',
  ],
  [
    'a server of an unknown host',
    but('{ n2: web-2 }', '{ n9: web-1 }'),
    'cluster.yaml:17:52 services.web.routes.0.servers.n9 | unknownName | n9',
  ],
  [
    'a server of a host without the service',
    but('{ n2: web-2 }', '{ lb1: web-1 }'),
    'servers.lb1 | unknownName | lb1 | this host does not have the role',
  ],
  [
    'one server for two hosts',
    but('{ n2: web-2 }', '{ n2: n1 }'),
    'servers.n2 | twice | n1 | is the server of n1 already',
  ],
  [
    'a route twice',
    but('    routes:\n', '    routes:\n      - { balancer: edge, backend: web }\n'),
    'cluster.yaml:18:36 services.web.routes.1.backend | twice | web',
  ],
  [
    'an unknown jump host',
    but('{ roles: [app]', '{ proxyJump: bastion, roles: [app]'),
    'cluster.yaml:3:20 hosts.n1.proxyJump | unknownName | bastion',
  ],
  [
    'jumps in a circle',
    but('{ roles: [app]', '{ proxyJump: n2, roles: [app]').replace('2222', '2222, proxyJump: n1'),
    'cluster.yaml:3:20 hosts.n1.proxyJump | circular | n2 | the jumps go in a circle: n1 → n2 → n1',
  ],
  [
    'a jump to itself',
    but('{ roles: [app]', '{ proxyJump: n1, roles: [app]'),
    'hosts.n1.proxyJump | circular | n1 | the jumps go in a circle: n1 → n1',
  ],
  [
    'two names for one address',
    but('10.0.0.2, port: 2222', '10.0.0.1, port: 22'),
    'cluster.yaml:4:32 hosts.n2.address | sameAddress | 10.0.0.1:22 | is the address of n1 already',
  ],
  [
    'a name that is another’s address',
    but('10.0.0.2, port: 2222', 'N1').replace(', address: 10.0.0.1', ''),
    'hosts.n2.address | sameAddress | n1:22',
  ],
])('%s is refused', async (_what, text, ...expected) => {
  const mistakes = await mistakesIn(text);
  const lines = mistakes.map(lineOf);
  for (const words of expected) expect(lines.join('\n')).toContain(words);
  expect(lines).toHaveLength(expected.length);
  expect(lines.join('\n')).not.toContain('hunter2');
});

/** Ten lines that stand for 9^9 values. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1)
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\n`;
}

it.each([
  ['brackets', '['.repeat(250_000)],
  ['braces', '{'.repeat(250_000)],
  ['keys', Array.from({ length: 10_000 }, (_, key) => `k${key}: 1\n`).join('')],
  ['equal keys', 'k: 1\n'.repeat(50_000)],
  ['a long word', 'x'.repeat(250_000)],
  ['dashes', '- '.repeat(125_000)],
  ['colons', 'a: '.repeat(80_000)],
  ['question marks', '? '.repeat(125_000)],
  ['steps', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
  ['tags', '!!str '.repeat(40_000)],
  ['comments', '#\n'.repeat(125_000)],
  ['anchors', Array.from({ length: 20_000 }, (_, key) => `- &a${key} x\n`).join('')],
])('takes little time for many %s', async (_what, text) => {
  const began = Date.now();
  const mistakes = await mistakesIn(text);
  expect(mistakes.length).toBeGreaterThan(0);
  expect(mistakes.length).toBeLessThanOrEqual(200);
  expect(Date.now() - began).toBeLessThan(15_000);
});

it('tells all mistakes at once, in the order of the file', async () => {
  const text = GOOD.replace('[app], address: 10.0.0.1', '[]')
    .replace('2222', '0')
    .replace('host: lb1', 'host: lb3')
    .replace('edge, ', 'egde, ')
    .replace('/health', 'health');
  expect((await mistakesIn(text)).map(({ path }) => path.split(' ')[1])).toEqual([
    'hosts.n1.roles',
    'hosts.n2.port',
    'balancers.edge.host',
    'services.web.health.path',
    'services.web.routes.0.balancer',
  ]);
});

it('says it in the message too, one line each', async () => {
  await expect(load(but('8080', '0'))).rejects.toThrow(
    '1 mistake, nothing was touched\ncluster.yaml:13:11 services.web.port: 0: at least 1',
  );
});

it.each([
  ['a missing file', () => join(folder, 'none.yaml'), /none\.yaml.*ENOENT/],
  ['a folder', () => folder, /no regular file|EISDIR/],
  ['a device without end', () => '/dev/zero', /no regular file/],
  ['a pipe', () => (execFileSync('mkfifo', [join(folder, 'pipe')]), join(folder, 'pipe')), /no regular file/],
  ['a path with NUL', () => 'a\0b', /a\\u\{0\}b/],
])('%s is refused', async (_what, path, words) => {
  await expect(loadCluster(path())).rejects.toMatchObject({
    type: 'BadInput',
    message: expect.stringMatching(words),
  });
});

it('gives a cluster or BadInput, whatever the file holds', async () => {
  const pieces = GOOD.split(/(?<=[\s:,{}[\]])|(?=[\s:,{}[\]])/);
  const odd = fc.constantFrom(
    '&a ',
    '*a',
    '!!binary ',
    '"',
    "'",
    '\t',
    '\0',
    '|',
    '>',
    '- ',
    '? ',
    '<<: ',
    '__proto__',
    '{',
    '}',
    '[',
    ']',
    '#',
    '%',
    '@',
    '~',
    '---\n',
    '\u202e',
    '1e999',
    '.nan',
  );
  const edited = fc
    .array(
      fc.tuple(
        fc.nat(pieces.length - 1),
        fc.oneof(odd, fc.constantFrom(...pieces), fc.string({ maxLength: 5 })),
      ),
      { maxLength: 6 },
    )
    .map((edits) => {
      const copy = [...pieces];
      for (const [at, piece] of edits) copy[at] = piece;
      return copy.join('');
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(edited, fc.string({ maxLength: 200 }), fc.json()), async (text) => {
      for (const { path, value, rule } of await mistakesIn(text)) {
        expect(path).toMatch(/^cluster\.yaml(:\d+:\d+)?( |$)/);
        expect([...value].length).toBeLessThanOrEqual(80);
        expect(`${path}${value}`).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(rule).not.toBe('');
      }
    }),
    { numRuns: 500 },
  );
});

it('is an example that says how editors find its schema', () => {
  const text = readFileSync(resolve(__dirname, '../../examples/lab/cluster.yaml'), 'utf8');
  const [, schema] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)!;
  expect(JSON.parse(readFileSync(resolve(__dirname, '../../examples/lab', schema!), 'utf8'))).toHaveProperty(
    '$schema',
  );
});
