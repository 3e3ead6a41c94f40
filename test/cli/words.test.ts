/** Errors in Chinese: every sentence of the table is one that the code says, and every mistake has one. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../lab/paths';
import { parseRollingUpgrade } from '../../src/activities/plan/rolling-upgrade';
import { loadCluster } from '../../src/adapters/cluster-file';
import { pawl } from '../../src/cli/program';
import { languageOf, sayIn } from '../../src/cli/words/language';
import { ZH } from '../../src/cli/words/zh';
import { FAILURES, PawlError, type Mistake } from '../../src/contracts/failures';
import { planBatches } from '../../src/domain/batches';
import { CHINESE } from './chinese';
import { Recorder } from './recorder';

const say = sayIn('zh');

it.each([
  { env: {}, language: 'en' },
  { env: { LANG: 'zh_CN.UTF-8' }, language: 'zh' },
  { env: { LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'C.UTF-8' }, language: 'en' },
  { env: { LANG: 'en_US.UTF-8', LC_ALL: 'zh_TW' }, language: 'zh' },
  { env: { LANG: 'zh_CN.UTF-8', PAWL_LANG: 'en' }, language: 'en' },
  { env: { PAWL_LANG: 'zh' }, language: 'zh' },
  { env: { PAWL_LANG: 'zh-CN' }, language: 'zh' },
  { env: { LANG: 'zhuang' }, language: 'en' },
])('$env reads $language', ({ env, language }) => expect(languageOf(env)).toBe(language));

it.each([
  ['at least 5', '不小于 5'],
  ['at most 3 entries', '最多 3 项'],
  ['must be a whole number; put it in quotes', '必须是整数；请加上引号'],
  [
    'no such key (did you mean "batches"?); there are a, b',
    '没有这个键（是否想写 "batches"？）；可用的键：a, b',
  ],
  ['there is no such name; there are text, input', '没有这个名字；已知的名字：text, input'],
  [
    'either {"file": …, "sha256"?: …} or {"url": …, "sha256": …}',
    '{"file": …, "sha256"?: …} 或 {"url": …, "sha256": …}，二选一',
  ],
  [
    'there is no backup of it on db1 that brings 2026-11-29T01:00:00Z back: a is too new, and so are 2 after it',
    '它在 db1 上没有能恢复到 2026-11-29T01:00:00Z 的备份：a 太新，它之后的 2 个也是',
  ],
  ['no worker has read the catalogue within 120 s', '120 秒内没有 worker 读取备份目录'],
  ['said by somebody else', 'said by somebody else'],
])('%s is %s', (english, chinese) => expect(say(english)).toBe(chinese));

it('what is in a sentence is not taken for a place in it', () => {
  expect(say('there is no workflow type {known}; there are a')).toBe('没有工作流类型 {known}；可用的有：a');
});

/** All that the code can say stands in it, with `${…}` where the table has a place. */
function said(): string {
  const files = ['src', 'node_modules/commander/lib'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.([tj]s|sh)$/.test(file) && !file.endsWith('words/zh.ts'))
      .map((file) => readFileSync(join(root, folder, file), 'utf8')),
  );
  return files.join('\n').replace(/\\(.)/g, '$1');
}

it('has no sentence that nobody says any more', () => {
  const code = said();
  // sentences are put together at these joints
  const parts = (english: string) => english.split(/\{\w+\}|[;:,.] | \(|\?\)| for '|^\d+ /);
  const stale = ZH.map(([english]) => english).filter(
    (english) => !parts(english).every((part) => code.includes(part.trim())),
  );
  expect(stale).toEqual([]);
});

it.each(Object.entries(FAILURES))('%s has a meaning in Chinese', (_, { meaning }) => {
  expect(say(meaning)).toMatch(CHINESE);
});

function mistakesOf(work: () => unknown): Mistake[] {
  try {
    work();
    return [];
  } catch (error) {
    return mistakesIn(error);
  }
}

function mistakesIn(error: unknown): Mistake[] {
  if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
  return (error.details as { mistakes: Mistake[] }).mistakes;
}

const GOOD = { cluster: 'c.yaml', service: 'web', version: '1', artifact: { file: 'a' } };

it('every mistake in an input has its words', () => {
  const inputs: unknown[] = [
    null,
    {},
    { ...GOOD, batchsize: 1, paswords: 1, password: 'x' },
    { ...GOOD, cluster: '\u202e', service: '-x', version: '../1', artifact: {}, hosts: [] },
    { ...GOOD, artifact: { url: 'ftp://x', sha256: 'x' }, batches: [], maxUnavailable: '0%' },
    { ...GOOD, artifact: { file: 1 }, drain: { deadlineSeconds: -1, onDeadline: 'putback' }, dryRun: 'yes' },
    { ...GOOD, soakSeconds: 1.5, watchSeconds: '60', personDeadlineHours: 0, note: 'x'.repeat(2_001) },
    { ...GOOD, checks: [{ name: 'a', http: { path: 'x' } }, { name: 'b', command: [] }, { name: 'c' }] },
    { ...GOOD, planHash: 'x', approvals: ['before', 'before', 'before'], note: 'x'.repeat(262_144) },
  ];
  const rules = [
    ...inputs.flatMap((input) => mistakesOf(() => parseRollingUpgrade(input))),
    ...planBatches([2, 1, 9], ['n1', 'n2', 'n3']).mistakes,
    ...planBatches([1], ['n1', 'n2', 'n3']).mistakes,
  ].map(({ rule }) => rule);
  expect(rules.length).toBeGreaterThan(30);
  expect(rules.filter((rule) => !CHINESE.test(say(rule)))).toEqual([]);
});

describe('cluster files', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-words-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('every mistake has its words', async () => {
    const texts = [
      '',
      'cluster: a\n\thosts: {}\n',
      'cluster: no\ncluster: b\nhosts: {}\nhost: 1\n',
      `cluster: lab
hosts:
  1e3: { roles: [app], port: 70000, address: 'a b', user: Root, hostKey: x }
  n1: { roles: [], proxyJump: n2, password: x }
  n2: { roles: [app], proxyJump: n1, address: n1 }
balancers:
  edge: { kind: nginx, host: n9, socket: ../x }
services:
  web:
    role: ap
    unit: web
    port: 0
    release: { kind: tarball, releases: /a/../b, current: x }
    health: { path: x }
    routes:
      - { balancer: egde, backend: web, servers: { n3: a } }
      - { balancer: egde, backend: web }
`,
      `cluster: lab
hosts: { n1: { roles: [app] } }
balancers: {}
services: {}
notifications:
  progressSeconds: -1
  channels:
    'a b': { kind: file, folder: x }
    m: { kind: mail, host: 'a b', port: 0, tls: none, password: secret, from: x, to: [], events: [begun], audience: all }
    n: { kind: mail, host: mx, tls: none, user: u, password: 'env:P', from: a@b, to: [a@b], events: [began, began] }
    o: { kind: mail, host: mx, user: u, from: a@b, to: [a@b], services: [web] }
    w: { kind: webhook, url: 'ftp://x', secrets: x }
    s: { kind: slack, url: 'https://hooks.example.org/x' }
    t: { kind: sms, url: 'https://x/', phones: ['12'], body: '', headers: { 'a b': x }, contentType: x, language: de }
    p: { kind: pigeon }
`,
      'cluster: lab\nhosts: { n1: { roles: [app] } }\nbalancers: {}\nservices: {}\nnotifications: { channels: {} }\n',
      `cluster: lab
hosts: { n1: { roles: [app] } }
balancers: {}
services: {}
backups:
  store: { host: n9, folder: srv, account: Root, address: 'a b', password: hunter2 }
  sources:
    a: { kind: folders, role: ap, folders: [], exclude: [-x], units: [web], keep: { days: 0 } }
    b: { kind: mysql }
    c: { kind: mariadb, host: n1, role: app, level: top, socket: ../x, queries: [{ name: a }], provenDays: 0 }
`,
      `cluster: lab\nhosts: { n1: { roles: [app] } }\nbalancers: {}\nservices: {}
backups: { store: { host: n1, password: 'env:P' }, sources: {} }\n`,
    ];
    const rules: string[] = [];
    for (const text of texts) {
      writeFileSync(join(folder, 'c.yaml'), text);
      const found = await loadCluster(join(folder, 'c.yaml')).then(() => [], mistakesIn);
      expect(found).not.toEqual([]);
      rules.push(...found.map(({ rule }) => rule));
    }
    const unsaid = rules.filter((rule) => !CHINESE.test(say(rule)));
    expect(rules.length).toBeGreaterThan(20);
    expect(unsaid).toEqual([]);
  });

  it('are told in Chinese, with paths as they are', async () => {
    const file = join(folder, 'c.yaml');
    writeFileSync(
      file,
      'cluster: lab\nhost: {}\nhosts: { n1: { roles: [app], port: 0 } }\nbalancers: {}\nservices: {}\n',
    );
    const terminal = new Recorder();
    terminal.language = 'zh';
    expect(await pawl(['cluster', 'check', file], terminal)).toBe(2);
    expect(terminal.err).toMatch(/✖ c\.yaml:2:1 host +host +没有这个键（是否想写 "hosts"？）/);
    expect(terminal.err).toMatch(/✖ c\.yaml:3:\d+ hosts\.n1\.port +0 +不小于 1\n/);
  });
});

it.each([
  { args: ['pla'], says: 'pawl: 未知的命令 pla（是否想写 plan？）' },
  { args: ['get'], says: 'pawl: 缺少必需的参数 id' },
  { args: ['plan', 'rollingUpgrade'], says: 'pawl: 缺少必需的选项 -f, --file <file>' },
  { args: ['list', '--al'], says: 'pawl: 未知的选项 --al（是否想写 --all？）' },
  { args: ['list', 'x'], says: 'pawl: list 的参数太多：需要 0 个参数，给了 1 个。' },
  { args: ['extend', 'x', '--minutes', 'y'], says: 'pawl: 选项 --minutes <n> 的值 y 无效：必须是数字。' },
  { args: ['completion', 'csh'], says: 'pawl: 参数 shell 的值 csh 无效：只能是 bash, zsh, fish。' },
  { args: ['start'], says: 'pawl: 请说明要启动什么' },
  {
    args: ['start', 'x', '-f', 'y'],
    says: 'pawl: 没有工作流类型 x；可用的有：rollingUpgrade, configCanary, configSync, configDrift, nodeOffline',
  },
  { args: ['plan', 'rollingUpgrade', '-f', '/not/there'], says: 'pawl: /not/there 无法读取：没有这个文件' },
  { args: ['backups', 'show', 'c', 'x'], says: 'pawl: "x" 不是备份的 id' },
  {
    args: ['backups', 'restore', 'c', 'x', '--at', '5'],
    says: 'pawl: --at："5" 不是时间；请写成 2026-11-29T02:00:00Z',
  },
  { args: ['recover', 'c', '--at', '2026-11-29T02:00:00Z'], says: 'pawl: --at：恢复什么？' },
  { args: ['start', '--plan', '/dev/null'], says: 'pawl: /dev/null 不完整' },
])('pawl $args says $says', async ({ args, says }) => {
  const terminal = new Recorder();
  terminal.language = 'zh';
  expect(await pawl(args, terminal)).toBe(2);
  expect(terminal.err).toContain(says);
});
