/** A swap that is cut before any of its programs, or between any two renames, and begun again. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(120_000);
const run = promisify(execFile);
const sh = async (text: string) => (await run('sh', ['-c', text])).stdout;

/** Counts, and at `CUT` ends the swap before it does its own work; `mv -n` renames one by one. */
const WRAPPER = `#!/bin/sh
name=\${0##*/}
counted() {
  n=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1))
  echo $n >"$COUNT"
  [ "$n" != "$CUT" ] || { kill -9 "$TOP"; exit 1; }
}
counted
# nobody cuts the power here
[ "$name" != sync ] || exit 0
[ "$name $1" = 'mv -n' ] || exec /bin/$name "$@"
to=$3
shift 4
for one; do
  counted
  case $one in *"/$REFUSED") [ "$to" != "$TARGET" ] || exit 1 ;; esac
  /bin/mv -n -t "$to" -- "$one"
done
`;

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pawl-swap-'));
  await mkdir(join(folder, 'bin'));
  for (const name of ['mv', 'mkdir', 'chown', 'chmod', 'tar', 'rm', 'sync', 'rmdir']) {
    await writeFile(join(folder, 'bin', name), WRAPPER);
    await chmod(join(folder, 'bin', name), 0o755);
  }
  const libraries = ['give-up', 'place', 'target', 'volume', 'staged', 'swap'];
  const texts = libraries.map((name) => readFile(join(__dirname, `../../src/host/lib/${name}.sh`), 'utf8'));
  program = `export TOP=$$
    ${(await Promise.all(texts)).join('\n')}
    set -eu
    staged_short=01234567 staged_journal=${folder}/journal
    each() { while read -r target staged; do "$(swap_way)_$1"; done <"$staged_journal/staged"; }
    back() { each back; give_up 53 "$1"; }
    each in`;
});
afterAll(() => rm(folder, { recursive: true }));

const target = () => join(folder, 'top/volume');
const STAGED = { whole: '../.volume.restore-01234567/x', entries: '.restore-01234567/files/x' };
const ASIDE = { whole: '../volume.aside-01234567', entries: '.aside-01234567' };
type Way = keyof typeof STAGED;

async function begin(way: Way): Promise<void> {
  const staged = join(target(), STAGED[way]);
  await sh(`rm -rf ${folder}/top ${folder}/journal ${folder}/count; mkdir -p ${target()} ${folder}/journal; cd ${target()}
    mkdir data lost+found; echo old | tee data/file 'a name' ./-n .hidden >/dev/null; ln -s nowhere link; chown 33:5 .; chmod 2751 .
    mkdir -p ${staged}; cd ${staged}; chmod 00700 .. .; chown 0:0 .. .
    mkdir data empty; echo new | tee data/file 'a name' ./-z .hidden >/dev/null; ln -s new link; chown 12:13 .; chmod 00750 .
    echo "${target()} ${staged}" >${folder}/journal/staged`);
}

/** @returns the exit code; null where it was cut */
async function swap(cut = 0, refused = 'nothing'): Promise<number | null> {
  const env = {
    ...process.env,
    ...{ PATH: `${folder}/bin:${process.env['PATH']}`, COUNT: `${folder}/count`, CUT: String(cut) },
    ...{ REFUSED: refused, TARGET: target() },
  };
  const ended = run('sh', ['-c', program], { env });
  return ended.then(
    () => 0,
    ({ code }: { code: number | null }) => code,
  );
}

/** What is in it, and its own owner and mode. */
const view = (of: string) =>
  sh(`cd ${of} && stat -c '%u:%g %a' . && find . -mindepth 1 \\( -path './.restore-*' -o -path './.aside-*' -o -path ./lost+found \\) -prune -o \\
    \\( -type f -printf '%p %#m ' -exec cat {} \\; -o -printf '%p %y %l\\n' \\) | sort`);
const steps = async () => Number(await readFile(join(folder, 'count'), 'utf8'));

it.each<Way>(['whole', 'entries'])('%s: is in, and what was there is aside', async (way) => {
  await begin(way);
  const old = await view(target());
  expect(await swap()).toBe(0);
  const [after, total] = [await view(target()), await steps()];
  expect(after).toMatch(/12:13 750/);
  for (let cut = 1; cut <= total; cut += 1) {
    await begin(way);
    expect(await swap(cut)).toBe(null);
    expect([cut, await swap()]).toEqual([cut, 0]);
    expect([cut, await view(target()), await view(join(target(), ASIDE[way]))]).toEqual([cut, after, old]);
  }
});

it('entries: what somebody makes between two runs is kept, and in nobody’s way', async () => {
  await begin('entries');
  await swap();
  const [after, total] = [await view(target()), await steps()];
  for (let cut = 1; cut <= total; cut += 3) {
    await begin('entries');
    await swap(cut);
    const made = await sh(`cd ${target()}; [ -e data ] || { mkdir data; echo other >data/file; echo made; }`);
    expect([cut, await swap(), await view(target())]).toEqual([cut, 0, after]);
    const kept = await sh(`cat ${target()}/.aside-01234567*/data/file | sort`);
    expect([cut, kept]).toEqual([cut, made === '' ? 'old\n' : 'old\nother\n']);
  }
});

it('entries: where one is refused all is where it was, whenever it is cut', async () => {
  await begin('entries');
  const old = await view(target());
  expect(await swap(0, '-z')).toBe(53);
  const total = await steps();
  for (let cut = 0; cut <= total; cut += 3) {
    await begin('entries');
    await swap(cut, '-z');
    expect([cut, await swap(0, '-z'), await view(target())]).toEqual([cut, 53, old]);
    expect(await sh(`ls -Ad ${target()}/.aside-* 2>/dev/null || true`)).toBe('');
  }
  expect(await swap()).toBe(0);
});
