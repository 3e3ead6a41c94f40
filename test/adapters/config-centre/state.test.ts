/** States of configuration files, staged and switched by the programs of hosts, on files of this machine. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stateOf } from '../../../src/adapters/config-centre/state';
import { loadProgram } from '../../../src/adapters/ssh/programs';
import type { GoneFile } from '../../../src/contracts/plan';
import { ConfigTarget } from '../../../src/contracts/config-set';

let folder: string;
let states: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pawl-state-'));
  states = join(folder, 'states');
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (path: string) => join(folder, 'host', path);
const put = (path: string, text: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
const get = (path: string) => (existsSync(at(path)) ? readFileSync(at(path), 'utf8') : null);

interface File {
  text: string;
  after?: ConfigTarget['after'];
  mode?: string;
  owner?: string;
}
function state(files: Record<string, File>, gone: GoneFile[] = []) {
  return stateOf(
    Object.entries(files).map(([path, { text, after = 'nothing', ...more }]) => ({
      target: ConfigTarget.parse({ path: at(path), source: 'x', after, ...more }),
      bytes: Buffer.from(text),
    })),
    gone,
  );
}

function program(name: string, args: string[], input?: Buffer) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', loadProgram(name).text, name, ...args], {
    input,
  });
  return { code: status, out: stdout.toString(), err: stderr.toString().trim() };
}

/** its label is the name of the state */
function stage({ name, manifest, actions, content }: ReturnType<typeof state>, keep = 9, before = 'before') {
  const sizes = [manifest, actions].map((text) => String(Buffer.byteLength(text)));
  const input = Buffer.concat([Buffer.from(manifest + actions), content]);
  return program('stage-config', [states, name, name, before, ...sizes, String(keep)], input);
}
const change = (label: string, ...more: string[]) => program('jobs/switch-config', [states, label, ...more]);
const current = () => program('read-config', [states]).out.match(/^current \w{64} (.+)$/m)?.[1];

/** all that lies beside the files, hidden parts included */
const beside = () => readdirSync(at('etc')).filter((name) => name.includes('pawl'));

describe('a state', () => {
  it('is staged beside what is in use, switched to, and back to the bytes, modes and gaps of before', () => {
    put('etc/a', 'old a\n');
    chmodSync(at('etc/a'), 0o640);
    const wanted = state({
      'etc/a': { text: 'new a\n', mode: '0600' },
      'etc/deep/b': { text: 'new b' },
      'etc/empty': { text: '' },
    });
    expect([stage(wanted).code, get('etc/a')]).toEqual([0, 'old a\n']);
    expect(change(wanted.name)).toMatchObject({ code: 0, err: '' });
    expect([get('etc/a'), get('etc/deep/b'), get('etc/empty')]).toEqual(['new a\n', 'new b', '']);
    expect(statSync(at('etc/a')).mode & 0o7777).toBe(0o600);
    expect(change('before').code).toBe(0);
    expect([get('etc/a'), get('etc/deep/b'), get('etc/empty')]).toEqual(['old a\n', null, null]);
    expect(statSync(at('etc/a')).mode & 0o7777).toBe(0o640);
    expect(beside()).toEqual([]);
  });

  it('may be staged and switched to again and again', () => {
    put('etc/a', 'old');
    const wanted = state({ 'etc/a': { text: 'new' } });
    const first = stage(wanted);
    expect(stage(wanted)).toEqual(first);
    for (let times = 0; times < 3; times += 1) expect(change(wanted.name).code).toBe(0);
    expect(get('etc/a')).toBe('new');
  });

  it('says of itself which configuration a host has, also after the way back, unless somebody has edited it', () => {
    const [first, second] = ['1', '2'].map((text) => state({ 'etc/a': { text }, [`etc/${text}`]: { text } }));
    put('etc/a', 'by hand');
    stage(first!, 9, 'before-x');
    change(first!.name);
    expect(current()).toBe(first!.name);
    stage(second!, 9, 'before-y');
    change(second!.name);
    expect(current()).toBe(second!.name);
    change('before-y');
    expect([current(), get('etc/a'), get('etc/2')]).toEqual([first!.name, '1', null]);
    put('etc/a', 'by hand again');
    stage(second!, 9, 'before-z');
    // whoever comes again finds what it found
    put('etc/a', 'something else');
    stage(second!, 9, 'before-z');
    change('before-z');
    expect([current(), get('etc/a')]).toEqual(['before-z', 'by hand again']);
    change('before-x');
    expect([current(), get('etc/a'), get('etc/1')]).toEqual(['before-x', 'by hand', null]);
  });

  it('does what makes services use it, once, and only where a file was another one', () => {
    put('etc/same', 'same');
    const log = at('log');
    const note = (word: string) => ({ run: ['sh', '-c', `echo "$1" >> ${log}`, 'sh', word] });
    const wanted = state({
      'etc/a': { text: '1', after: note('it is  a') },
      'etc/b': { text: '2', after: note('it is  a') },
      'etc/same': { text: 'same', after: note('same'), mode: '0644' },
    });
    put('log', '');
    stage(wanted);
    expect(change(wanted.name)).toMatchObject({ code: 0, err: '' });
    expect(change(wanted.name).code).toBe(0);
    expect(get('log')).toBe('it is  a\n');
  });

  it('goes back also where a command needs a file that is gone then; one that fails for a file that is there is told', () => {
    const wanted = (text: string) =>
      state({ 'etc/a': { text, after: { run: ['grep', '-q', '1', at('etc/a')] } } });
    stage(wanted('1'));
    expect(change(wanted('1').name).code).toBe(0);
    expect(change('before')).toMatchObject({ code: 0 });
    expect(get('etc/a')).toBeNull();
    stage(wanted('2'), 9, 'before-2');
    expect(change(wanted('2').name)).toMatchObject({ code: 32, err: 'a command after the switch failed' });
  });

  it('that was there earlier comes back without the files that came after it; whoever read them is told', () => {
    const told = { run: ['touch', at('told')] };
    const first = state({ 'etc/a': { text: '1' } });
    const second = state({
      'etc/a': { text: '2' },
      'etc/b': { text: '2', after: told },
      'etc/c': { text: '2' },
    });
    for (const wanted of [first, second]) {
      stage(wanted, 9, `before-${wanted.name}`);
      expect(change(wanted.name).code).toBe(0);
    }
    rmSync(at('told'));
    rmSync(at('etc/c'));
    expect(change(first.name)).toMatchObject({ code: 0, err: '' });
    expect([get('etc/a'), get('etc/b'), get('etc/c'), current()]).toEqual(['1', null, null, first.name]);
    expect(get('told')).toBe('');
    expect(beside()).toEqual([]);
  });

  it('is not switched to in rotation when more has become necessary than was planned', () => {
    const wanted = state({
      'etc/a': { text: 'new', after: { run: ['true'] } },
      'etc/b': { text: 'new', after: { run: ['touch', at('told')] } },
    });
    for (const path of ['etc/a', 'etc/b']) put(path, 'old');
    stage(wanted);
    expect(change(wanted.name, '', '2 -')).toMatchObject({
      code: 33,
      err: 'files that the host must leave rotation for are other ones now, too',
    });
    expect([get('etc/a'), get('etc/b'), get('told'), beside()]).toEqual(['old', 'old', null, []]);
    put('etc/b', 'new');
    expect(change(wanted.name, '', '2 -').code).toBe(0);
    expect([get('etc/a'), get('told')]).toEqual(['new', null]);
  });

  it.each([
    ['other bytes', 82, (made: ReturnType<typeof state>) => ({ ...made, content: Buffer.from('xew') })],
    ['too few bytes', 82, (made: ReturnType<typeof state>) => ({ ...made, content: Buffer.from('n') })],
    [
      'another manifest',
      82,
      (made: ReturnType<typeof state>) => ({ ...made, manifest: made.manifest.replace('0644', '0666') }),
    ],
  ])('with %s is not staged', (_, code, spoilt) => {
    const wanted = state({ 'etc/a': { text: 'new' } });
    expect(stage(spoilt(wanted)).code).toBe(code);
    expect(readdirSync(states)).toEqual([]);
  });

  it('of an account that is not there is not staged', () => {
    expect(stage(state({ 'etc/a': { text: 'new', owner: 'nosuchone' } }))).toMatchObject({
      code: 24,
      err: `${at('etc/a')}: there is no account nosuchone or no group root`,
    });
  });

  it('is staged over no link and no folder', () => {
    put('etc/real', 'real');
    symlinkSync(at('etc/real'), at('etc/link'));
    mkdirSync(at('etc/folder'));
    for (const path of ['etc/link', 'etc/folder'])
      expect(stage(state({ [path]: { text: 'new' } }))).toMatchObject({
        code: 25,
        err: `${at(path)} is no regular file`,
      });
    expect(get('etc/real')).toBe('real');
  });

  it('with a file that cannot be replaced replaces none', () => {
    for (const path of ['etc/a', 'etc/b', 'etc/c']) put(path, 'old');
    const wanted = state({ 'etc/a': { text: 'new' }, 'etc/b': { text: 'new' }, 'etc/c': { text: 'new' } });
    stage(wanted);
    rmSync(at('etc/b'));
    mkdirSync(at('etc/b'));
    expect(change(wanted.name).code).toBe(25);
    expect([get('etc/a'), get('etc/c')]).toEqual(['old', 'old']);
  });

  it('stays for as long as it may be wanted', () => {
    put('etc/a', 'old');
    const names = Array.from({ length: 5 }, (_, n) => state({ 'etc/a': { text: `new ${n}` } })).map(
      (wanted) => {
        stage(wanted, 2);
        return wanted.name;
      },
    );
    expect(change(names[0]!).code).toBe(30);
    expect(change(names[4]!).code).toBe(0);
    stage(state({ 'etc/a': { text: 'last' } }), 1);
    expect(readdirSync(states)).toContain(names[4]);
  });
});

it('files of a host are compared with what they shall be, in one go', () => {
  for (const path of ['etc/same', 'etc/other', 'etc/hidden', 'etc/gone-too']) put(path, 'as it is');
  mkdirSync(at('etc/folder'));
  symlinkSync(at('etc/same'), at('etc/link'));
  const sum = createHash('sha256').update('as it is').digest('hex');
  const line = (path: string, is: string, show = 'show') => `0644 root root 8 ${is} ${show} ${at(path)}\n`;
  const manifest = [
    ...[line('etc/same', sum), line('etc/other', 'f'.repeat(64)), line('etc/hidden', 'f'.repeat(64), 'hide')],
    ...[line('etc/gone', sum), line('etc/folder', sum), line('etc/link', sum)],
    ...[line('etc/none', 'absent'), line('etc/gone-too', 'absent')],
  ].join('');
  const base64 = Buffer.from('as it is').toString('base64');
  expect(program('look-config', ['64'], Buffer.from(manifest)).out)
    .toBe(`is 0644 root root file ${at('etc/other')}
content ${base64}
is 0644 root root file ${at('etc/hidden')}
is - - - absent ${at('etc/gone')}
is - - - other ${at('etc/folder')}
is - - - other ${at('etc/link')}
is 0644 root root file ${at('etc/gone-too')}
content ${base64}
`);
});

describe('files that are targets no more', () => {
  const told = () => ({ run: ['touch', at('told')] });
  const look = ({ manifest }: ReturnType<typeof state>) => {
    const lines = manifest.replace(/^(\S+ \S+ \S+ \d+ \S+) \S+ /gm, '$1 show ');
    return program('look-config', ['64', states], Buffer.from(lines)).out;
  };
  const gone = (): GoneFile[] => [
    {
      path: at('etc/b'),
      action: `run ${told()
        .run.map((word) => Buffer.from(word).toString('base64'))
        .join(' ')}`,
    },
    { path: at('etc/c'), action: null },
  ];

  it('are known by what the host has, removed with what followed on them, and brought back byte for byte', () => {
    const first = state({
      'etc/a': { text: 'a' },
      'etc/b': { text: 'b', after: told() },
      'etc/c': { text: 'c' },
      'etc/d': { text: 'd' },
    });
    const [same, other] = [state({ 'etc/a': { text: 'a' } }), state({ 'etc/x': { text: 'x' } })];
    stage(first, 9, 'before-1');
    change(first.name);
    rmSync(at('told'));
    // removed by hand; edited by hand
    rmSync(at('etc/d'));
    put('etc/c', 'edited');
    chmodSync(at('etc/c'), 0o640);
    const [b, c] = gone();
    const names = `gone ${b!.path} ${b!.action}\ngone ${c!.path} -\n`;
    expect(look(same)).toBe(names);
    expect(look(other)).toBe(`is - - - absent ${at('etc/x')}\ngone ${at('etc/a')} -\n${names}`);
    const wanted = state({ 'etc/a': { text: 'a' } }, gone());
    expect(stage(wanted, 9, 'before-2').code).toBe(0);
    expect(change(wanted.name)).toMatchObject({ code: 0, err: '' });
    expect([get('etc/a'), get('etc/b'), get('etc/c')]).toEqual(['a', null, null]);
    expect(get('told')).toBe('');
    expect([look(same), beside()]).toEqual(['', []]);
    change('before-2');
    expect([get('etc/b'), get('etc/c'), statSync(at('etc/c')).mode & 0o7777]).toEqual(['b', 'edited', 0o640]);
  });

  it('are none of what has come with another set since then', () => {
    const both = state({ 'etc/a': { text: 'a' }, 'etc/b': { text: 'b' } });
    stage(both, 9, 'before-1');
    change(both.name);
    const [own, folder] = [states, `${states}-base`];
    states = folder;
    const moved = state({ 'etc/b': { text: 'b' } });
    stage(moved, 9, 'before-2');
    change(moved.name);
    states = own;
    renameSync(folder, join(dirname(states), 'base'));
    expect(look(state({ 'etc/x': { text: 'x' } }))).toBe(
      `is - - - absent ${at('etc/x')}\ngone ${at('etc/a')} -\n`,
    );
  });

  it('are none of what was on the host before anything was brought', () => {
    put('etc/a', 'by hand');
    const wanted = state({ 'etc/a': { text: 'new' } });
    stage(wanted, 9, 'before-1');
    change(wanted.name);
    change('before-1');
    expect(look(state({ 'etc/x': { text: 'x' } }))).toBe(`is - - - absent ${at('etc/x')}\n`);
  });
});

it('cut off between any two of its steps, is whole after the next attempt, and services are told', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [
      `etc/f${n}`,
      { text: `new ${n}`, after: { run: ['touch', at('told')] } },
    ]),
  );
  const wanted = state(files);
  const text = loadProgram('jobs/switch-config').text;
  const commands = ['mv', 'sync', 'ln', 'cp', 'xargs', 'sort'];
  let cuts = 0;
  for (const command of commands)
    for (let nth = 1; nth <= 9; nth += 1) {
      rmSync(at('.'), { recursive: true, force: true });
      for (const path of Object.keys(files)) put(path, `old ${path}`);
      stage(wanted);
      // dies in the moment of the nth call
      const trap = `calls=0\n${command}() { calls=$((calls + 1)); [ "$calls" -lt ${nth} ] || kill -9 $$; command ${command} "$@"; }\n`;
      const dying = spawn('sh', ['-c', trap + text, 'switch-config', states, wanted.name]);
      const signal = await new Promise((resolve) => dying.once('close', (_, by) => resolve(by)));
      if (signal !== 'SIGKILL') continue;
      cuts += 1;
      // on with it, or back
      const [next, expected] = nth % 2 ? [wanted.name, 'new'] : ['before', 'old'];
      expect(change(next).code).toBe(0);
      for (const path of Object.keys(files)) expect(get(path)).toMatch(new RegExp(`^${expected}`));
      if (expected === 'new') expect(get('told')).not.toBeNull();
      expect(beside()).toEqual([]);
    }
  expect(cuts).toBeGreaterThan(20);
}, 120_000);
