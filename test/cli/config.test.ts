import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { pawl } from '../../src/cli/program';
import { SignedCentre } from '../adapters/config-centre/people';
import { TestCentre, WEB, type Files } from '../adapters/config-centre/centre';
import { Recorder } from './recorder';

let centre: TestCentre;
beforeEach(async () => (centre = await TestCentre.make()));
afterEach(() => centre.remove());

async function run(command: string, ...args: string[]) {
  const terminal = new Recorder();
  const code = await pawl(['config', command, centre.cluster, ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}
const record = [
  '--what',
  'more idle',
  '--why',
  'ticket 7',
  '--impact',
  'none',
  '--rollback',
  'the tag before',
];

describe('pawl config render', () => {
  it('merges values of all, cluster, group and host, and leaves what is no template as it is', async () => {
    const { code, out } = await run('render', 'web', '--host', 'n2', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      host: 'n2',
      files: [
        {
          ...{ path: '/etc/web/app.conf', owner: 'root', group: 'root', mode: '0644' },
          content: 'name=n2 port=8080 open=200 idle=9\npeer=10.0.0.1\npeer=10.0.0.2\n',
        },
        {
          ...{ path: '/etc/web/motd', owner: 'root', group: 'root', mode: '0600' },
          content: 'as it is: {{ port }}\n',
        },
      ],
    });
    expect((await run('render', 'web', '--host', 'n1')).out).toContain(
      '# /etc/web/app.conf root:root 0644\nname=n1 port=8081 open=200 idle=5\n',
    );
  });

  it('shows what is edited, or a revision', async () => {
    centre.write({ 'web/values/lab/hosts/n1.yaml': 'port: 9\n' });
    expect((await run('render', 'web', '--host', 'n1')).out).toContain('port=9 ');
    expect((await run('render', 'web', '--host', 'n1', '--revision', 'main')).out).toContain('port=8081 ');
  });

  it('shows a reference where a secret stands', async () => {
    centre.write({
      'web/values.yaml': 'port: 1\nlimits: { open: 1, idle: 1 }\npassword: { secret: env:DB }\n',
      'web/files/app.conf.liquid': 'p={{ password }}\n',
      'web/config.yaml':
        'targets: [{ path: /etc/web/app.conf, source: app.conf.liquid, sensitive: true, after: nothing }]\n',
    });
    expect((await run('render', 'web', '--host', 'n1')).out).toContain('p=(secret env:DB)\n');
  });

  it('names the hosts there are', async () => {
    const { code, err } = await run('render', 'web', '--host', 'n9');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('--host  n9  there is no such name; there are n1, n2'),
    ]);
  });
});

describe('pawl config lint', () => {
  it('counts what is right', async () => {
    expect(await run('lint')).toEqual({ code: 0, out: 'ok: web: 2 files on each of 2 hosts\n', err: '' });
  });

  const target = (more: string) => ({
    'web/config.yaml': `targets: [{ path: /etc/web/app.conf, source: app.conf.liquid, after: nothing, ${more} }]\n`,
  });
  const template = (text: string) => ({ 'web/files/app.conf.liquid': text });

  it.each<[string, Files, string[]]>([
    [
      'an unknown value',
      template('a\nb {{ prot }}\n'),
      ['web/files/app.conf.liquid:2:6 prot undefined variable: prot'],
    ],
    [
      'a value that only one host lacks',
      { 'web/values.yaml': 'limits: { open: 1, idle: 1 }\n' },
      ['undefined variable: port, for n2'],
    ],
    ['an unknown filter', template('{{ port | shout }}'), ['undefined filter: shout']],
    ['a time of day', template("{{ 'now' | date: '%s' }}"), ['undefined filter: date']],
    ['a tag that is not closed', template('{% if port %}'), ['not closed']],
    ['a partial of the worker', template('{% include "/etc/passwd" %}'), ['Failed to lookup "/etc/passwd"']],
    ['a partial above', template('{% render "../config.yaml" %}'), ['Failed to lookup "../config.yaml"']],
    [
      'a loop without end',
      template('{% for it in (1..900000000) %}x{% endfor %}'),
      ['memory alloc limit exceeded'],
    ],
    [
      'what objects have of JavaScript',
      template('{{ limits.constructor }}'),
      ['undefined variable: limits.constructor'],
    ],
    [
      'a secret that everybody would see',
      {
        ...template('{{ db.password | upcase }}'),
        'web/values.yaml': 'db: { password: { secret: env:DB } }\n',
      },
      ['env:DB what holds a secret must be a target with sensitive: true'],
    ],
    [
      'a secret that everybody would see as JSON',
      { ...template('{{ db | json }}'), 'web/values.yaml': 'db: { password: { secret: env:DB } }\n' },
      ['env:DB what holds a secret must be a target with sensitive: true'],
    ],
    [
      'a secret in clear text',
      { 'web/values.yaml': 'db: { secret: hunter2 }\nport: 1\nlimits: { open: 1, idle: 1 }\n' },
      ['web/values.yaml:1:15 db.secret (hidden) a reference and nothing beside it'],
    ],
    [
      'a word of our own',
      { 'web/values.yaml': 'host: x\nport: 1\nlimits: { open: 1, idle: 1 }\n' },
      ['web/values.yaml:1:1 host host templates know this word already'],
    ],
    [
      'values of a host that is not there',
      { 'web/values/lab/hosts/n3.yaml': 'port: 1\n' },
      ['web/values/lab/hosts/n3.yaml n3 there is no such name'],
    ],
    [
      'values of a group that is not there',
      { 'web/values/lab/groups/apps.yaml': 'port: 1\n' },
      ['apps there is no such name (did you mean "app"?)'],
    ],
    [
      'a file that nobody reads',
      { 'web/value.yaml': 'port: 1\n' },
      ['web/value.yaml value.yaml nobody reads this file'],
    ],
    [
      'a name with a line break',
      { 'web/files/a\nb': 'x' },
      ['web/files/a\\u{a}b a\\u{a}b letters, digits, dot, dash and underscore only'],
    ],
    [
      'a source that is not there',
      { 'web/files/motd': null },
      ['web/config.yaml targets.1.source motd there is no such name'],
    ],
    ['a mode that gives power', target('mode: "4755"'), ['no set-uid, set-gid or sticky bit']],
    ['a mode without quotes', target('mode: 0644'), ['targets.0.mode 644 must be text; put it in quotes']],
    [
      'a path with dots',
      { 'web/config.yaml': 'targets: [{ path: /etc/../x, source: motd, after: nothing }]\n' },
      ['no ".." in a path'],
    ],
    [
      'a source above',
      { 'web/config.yaml': 'targets: [{ path: /etc/x, source: ../values.yaml, after: nothing }]\n' },
      ['no "." or ".." in a path'],
    ],
    [
      'two files in one place',
      {
        'web/config.yaml':
          'targets:\n  - { path: /etc/x, source: motd, after: nothing }\n  - { path: /etc/x/y, source: motd, after: nothing }\n',
      },
      ['one of the two cannot be a folder: /etc/x'],
    ],
    [
      'nothing that makes the host use it',
      { 'web/config.yaml': 'targets: [{ path: /etc/x, source: motd }]\n' },
      ['targets.0.after nothing needed: nothing, {reload: UNIT}'],
    ],
    [
      'a role that is not there',
      { 'web/config.yaml': 'role: apps\ntargets: [{ path: /etc/x, source: motd, after: nothing }]\n' },
      ['role apps there is no such name (did you mean "app"?)'],
    ],
    ['no YAML', { 'web/config.yaml': 'targets: [\n' }, ['web/config.yaml:2:1']],
    [
      'no text',
      { 'web/values.yaml': Buffer.from([0x80]) },
      ['web/values.yaml values.yaml must be UTF-8 text'],
    ],
  ])('refuses %s', async (_, files, wanted) => {
    centre.write(files);
    const { code, err } = await run('lint', 'web');
    expect(code).toBe(2);
    const said = err.replaceAll(/\s+/g, ' ');
    for (const words of wanted) expect(said).toContain(words);
  });

  it('tells all mistakes at once', async () => {
    centre.write({
      ...template('{{ a }}'),
      'web/values/lab/hosts/n9.yaml': '',
      'web/values.yaml': 'cluster: 1\n',
    });
    const { err } = await run('lint', 'web', '--json');
    expect(err).toContain('2 mistakes');
  });

  it('tells those of all services', async () => {
    centre.write({ ...template('{{ a }}'), 'other/config.yaml': 'role: app\ntargets: []\n' });
    const { err } = await run('lint');
    expect(err).toContain('undefined variable: a');
    expect(err).toContain('other/config.yaml:2:10 targets');
  });

  it('looks nowhere else', async () => {
    const { code, err } = await run('lint', '../centre/web');
    expect([code, err]).toEqual([2, expect.stringContaining('the name of a folder in the config centre')]);
  });

  it('follows no link, whether edited or committed', async () => {
    symlinkSync('/etc/shadow', centre.at('web/files/shadow'));
    expect((await run('lint', 'web')).err).toContain('links and submodules are not followed');
    await centre.commit({}, 'a link');
    expect((await run('lint', 'web', '--revision', 'HEAD')).err).toContain(
      'links and submodules are not followed',
    );
  });

  it.each([
    ['--revision', 'nope', 'the repository has no such revision'],
    ['--revision', '--upload-pack=x', 'a tag, a branch or a commit'],
    ['--revision', 'HEAD:web', 'a tag, a branch or a commit'],
  ])('refuses %s %s', async (option, value, words) => {
    const { code, err } = await run('lint', 'web', `${option}=${value}`);
    expect([code, err.replaceAll(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('releases', () => {
  it('are tags that carry why they are there; a diff begins at the newest one', async () => {
    expect((await run('history', 'web')).out).toContain('web has no release yet');
    const { code, out } = await run('tag', 'web', ...record);
    expect(code).toBe(0);
    const [tag] = out.split('\n');
    expect(tag).toMatch(/^web\/\d{4}-\d\d-\d\d\.1$/);
    await centre.commit({ 'web/values/lab/groups/canary.yaml': 'limits: { idle: 10 }\n' }, 'ten');
    const { out: diff } = await run('diff', 'web');
    expect(diff).toContain('on n2\n');
    expect(diff).toContain('-name=n2 port=8080 open=200 idle=9\n+name=n2 port=8080 open=200 idle=10\n');
    expect(diff).not.toContain('n1 port');
    expect((await run('tag', 'web', ...record)).out).toMatch(/\.2\n$/);
    expect((await run('diff', 'web')).out).toBe('no file of web is different\n');
    const releases = JSON.parse((await run('history', 'web', '--json')).out) as object[];
    expect(releases).toMatchObject([
      { tag: expect.stringMatching(/\.2$/) as string, by: 'ann' },
      { tag, record: { what: 'more idle', why: 'ticket 7', impact: 'none', rollback: 'the tag before' } },
    ]);
    expect((await run('history', 'web')).out).toContain('  rollback: the tag before\n');
  });

  it('say of files that are not shown that they are different', async () => {
    const secret = {
      'web/config.yaml': 'targets: [{ path: /etc/x, source: motd, sensitive: true, after: nothing }]\n',
    };
    await centre.commit(secret, 'secret');
    await centre.commit({ 'web/files/motd': 'planted-secret\n' }, 'another');
    const { out } = await run('diff', 'web', 'HEAD~1', 'HEAD');
    expect(out).toBe('on n1, n2\n/etc/x: its content, which is not shown, is different\n');
  });

  it('are refused where they cannot be rendered, or say nothing', async () => {
    await centre.commit({ 'web/files/app.conf.liquid': '{{ nope }}' }, 'bad');
    expect((await run('tag', 'web', ...record)).err).toContain('undefined variable: nope');
    expect((await run('tag', 'web', ...record.with(1, ''))).err).toContain('what');
    expect((await run('history', 'web')).out).toContain('no release yet');
  });

  it('may have a folder that other clusters use, too', async () => {
    centre.write({ 'web/values/other/hosts/x9.yaml': 'port: 1\n' });
    expect((await run('lint')).code).toBe(0);
  });
});

it('needs a repository', async () => {
  await centre.commit(WEB, 'same').catch(() => undefined);
  const terminal = new Recorder();
  expect(await pawl(['config', 'lint', '/nowhere/cluster.yaml'], terminal)).toBe(2);
});

describe('where there are rights', () => {
  let signed: SignedCentre;
  beforeEach(() => {
    signed = new SignedCentre();
    signed.commit('ann', WEB);
    const cluster = readFileSync(centre.cluster, 'utf8');
    const rights =
      "{ allowedSigners: allowed-signers, rules: [{ paths: ['web/**'], signers: [ann@example.org] }] }";
    writeFileSync(
      `${signed.folder}/cluster.yaml`,
      cluster.replace('repository: centre', `repository: centre, rights: ${rights}`),
    );
    writeFileSync(
      `${signed.folder}/url.yaml`,
      cluster.replace('repository: centre', `repository: 'file://${signed.repository}'`),
    );
  });
  afterEach(() => signed.remove());
  async function at(file: string, command: string, ...args: string[]) {
    const terminal = new Recorder();
    const code = await pawl(['config', command, `${signed.folder}/${file}.yaml`, ...args], terminal);
    return { code, out: terminal.out, err: terminal.err.replaceAll(/\s+/g, ' ') };
  }

  it('lint and history say who signed', async () => {
    const first = signed.head().slice(0, 12);
    expect((await at('cluster', 'lint')).out).toBe(
      `ok: web: 2 files on each of 2 hosts\n  last change: ${first} signed by ann@example.org\n`,
    );
    const rogue = signed.commit('eve!', { 'web/files/motd': 'mine\n' }).slice(0, 12);
    const text = 'What: a\n\nWhy: b\n\nImpact: c\n\nRollback: d';
    signed.gitAs('bob', {}, 'tag', '--sign', `--message=${text}`, 'web/1');
    const { out } = await at('cluster', 'history', 'web');
    expect(out).toContain(
      `by bob\n  last change: ${rogue} no signature by an SSH key, author eve\n  record: signed by bob@example.org\n  what: a\n`,
    );
    const [release] = JSON.parse((await at('cluster', 'history', 'web', '--json')).out) as object[];
    expect(release).toMatchObject({ signatures: { record: 'signed by bob@example.org' } });
  });

  it('a release is signed where git is told to', async () => {
    for (const [name, value] of Object.entries({
      'user.name': 'ann',
      'user.email': 'ann@example.org',
      'gpg.format': 'ssh',
      'user.signingkey': signed.key('ann'),
      'tag.gpgSign': 'true',
    }))
      signed.git('config', name, value);
    expect((await at('cluster', 'tag', 'web', ...record)).code).toBe(0);
    expect((await at('cluster', 'history', 'web')).out).toContain('record: signed by ann@example.org');
  });

  it('a repository at a URL is read by revision, and a release is made in a clone', async () => {
    expect((await at('url', 'lint')).err).toContain('name a revision, or a clone with --clone');
    expect((await at('url', 'lint', 'web', '--revision', 'main')).out).toBe(
      'ok: web: 2 files on each of 2 hosts\n',
    );
    expect((await at('url', 'tag', 'web', '--revision', 'main', ...record)).err).toContain(
      'the repository is at a URL: name a clone of it, and push the tag from there',
    );
    signed.git('config', 'user.name', 'ann');
    signed.git('config', 'user.email', 'ann@example.org');
    expect(await at('url', 'tag', 'web', '--clone', signed.repository, ...record)).toMatchObject({ code: 0 });
    expect((await at('url', 'history', 'web')).out).toContain('what: more idle');
  });
});
