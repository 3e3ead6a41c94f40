/** What a host says of its files, by its own program, on files of this machine. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { manifestLine, stateOf } from '../../../src/adapters/config-centre/state';
import { loadProgram } from '../../../src/adapters/ssh/programs';
import { readSeen } from '../../../src/activities/config-seen';
import { ConfigTarget } from '../../../src/contracts/config-set';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'pawl-drift-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (path: string) => join(folder, 'host', path);
const states = () => join(folder, 'states');
function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
  chmodSync(at(path), mode);
}
const filesOf = (texts: Record<string, string>, sensitive: string[] = []) =>
  Object.entries(texts).map(([path, text]) => ({
    target: ConfigTarget.parse({
      ...{ path: at(path), source: 'x', after: 'nothing', sensitive: sensitive.includes(path) },
    }),
    bytes: Buffer.from(text),
  }));
type Files = ReturnType<typeof filesOf>;

function program(name: string, args: string[], input?: Buffer | string) {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', loadProgram(name).text, name, ...args], {
    input,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}

/** @returns the name of the state */
function bring(files: Files, label: string, run: string): string {
  const { name, manifest, actions, content } = stateOf(files);
  const sizes = [manifest, actions].map((text) => String(Buffer.byteLength(text)));
  const input = Buffer.concat([Buffer.from(manifest + actions), content]);
  program('stage-config', [states(), name, label, `before-${run}`, ...sizes, '9'], input);
  program('jobs/switch-config', [states(), label]);
  return name;
}

function look(files: Files, most = 1_000) {
  const stdin = files.map((file) => manifestLine(file, file.target.sensitive ? 'hide' : 'show')).join('');
  return readSeen(program('find-drift', [states(), 'none', String(most), '3'], stdin));
}

it('says nothing of files that are as wanted, and which configuration a host has', () => {
  const files = filesOf({ 'etc/a': 'a\n', 'etc/b': '' });
  const state = bring(files, 'one', 'x');
  expect(look(files)).toEqual({
    ...{ current: { state, label: 'one' }, switching: null, job: null },
    ...{ revisions: { [state]: 'one' }, whole: [state], ahead: 0, files: [] },
  });
});

it('says of a host that never had any what there is', () => {
  put('etc/a', 'by hand');
  const { current, whole, files } = look(filesOf({ 'etc/a': 'a', 'etc/b': 'b' }));
  expect([current, whole]).toEqual([null, []]);
  expect(files.map(({ path, kind, content }) => [path, kind, content && atob(content)])).toEqual([
    [at('etc/a'), 'file', 'by hand'],
    [at('etc/b'), 'absent', undefined],
  ]);
});

it('names kept states that have these bytes, with these rights, and shows only what no revision has', () => {
  put('etc/a', 'by hand');
  const first = bring(filesOf({ 'etc/a': '1', 'etc/b': '1' }), 'one', 'x');
  const wanted = filesOf({ 'etc/a': '2', 'etc/b': '2', 'etc/c': '2', 'etc/d': '2' }, ['etc/d']);
  const second = bring(wanted, 'two', 'y');
  put('etc/a', '1');
  put('etc/b', '1', 0o600);
  put('etc/c', 'other');
  put('etc/d', 'planted');
  const { files, ahead, whole } = look(wanted);
  expect([ahead, whole]).toEqual([0, []]);
  expect(files.map(({ path, mode, bytes, same, content }) => [path, mode, bytes, same, content])).toEqual([
    [at('etc/a'), '0644', expect.arrayContaining([first]), expect.arrayContaining([first]), undefined],
    [at('etc/b'), '0600', expect.arrayContaining([first]), [], undefined],
    [at('etc/c'), '0644', [], [], btoa('other')],
    [at('etc/d'), '0644', [], [], undefined],
  ]);
  // what a change found by hand is no revision, and is shown
  put('etc/a', 'by hand');
  const [a] = look(wanted).files;
  expect([a!.bytes, a!.content]).toEqual([expect.not.arrayContaining([first, second]), btoa('by hand')]);
});

it('tells files of the wanted state beside those of the current one', () => {
  bring(filesOf({ 'etc/a': '1', 'etc/b': '1' }), 'one', 'x');
  put('etc/b', '2');
  const { ahead, files } = look(filesOf({ 'etc/a': '2', 'etc/b': '2' }));
  expect([ahead, files.map(({ path }) => path)]).toEqual([1, [at('etc/a')]]);
});

it('names what is no file, follows no link, and leaves out what is too large or one too many', () => {
  put('elsewhere', 'a');
  mkdirSync(at('etc/folder'), { recursive: true });
  symlinkSync(at('elsewhere'), at('etc/link'));
  const texts = Object.fromEntries(['b', 'c', 'd', 'e'].map((name) => [`etc/${name}`, 'x']));
  for (const path of Object.keys(texts)) put(path, `${path} by hand`);
  put('etc/large', 'l'.repeat(2_000));
  const found = look(filesOf({ 'etc/folder': 'a', 'etc/link': 'a', 'etc/large': '', ...texts })).files;
  expect(found.map(({ kind }) => kind)).toEqual(['folder', 'link', 'file', 'file', 'file', 'file', 'file']);
  expect(found.map(({ content }) => content !== undefined)).toEqual([
    ...[false, false, false],
    ...[true, true, true, false],
  ]);
});

it('looks at a thousand files, with ten states of them, in a second, and changes nothing', () => {
  const texts = (word: string) =>
    Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`etc/d/${n}`, `${word} ${n}\n`]));
  const files = filesOf(texts('new'));
  for (const [path, text] of Object.entries(texts('new'))) put(path, text);
  const { manifest, actions } = stateOf(files);
  for (let kept = 0; kept < 10; kept += 1) {
    const state = join(states(), String(kept).repeat(64));
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, 'manifest'), manifest);
    writeFileSync(join(state, 'actions'), actions);
  }
  put('etc/d/7', 'by hand');
  const begun = performance.now();
  const { files: found } = look(files);
  const ms = performance.now() - begun;
  expect(found.map(({ path }) => path)).toEqual([at('etc/d/7')]);
  expect(readFileSync(at('etc/d/7'), 'utf8')).toBe('by hand');
  expect(ms).toBeLessThan(3_000);
});
