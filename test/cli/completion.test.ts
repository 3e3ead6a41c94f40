/** TAB in real shells; those that this machine does not have are passed over. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../lab/paths';
import { onPath } from '../../lab/temporal/programs';
import { typeNames } from '../../src/cli/workflow-types';
import { pawl } from '../../src/cli/program';
import { messageNames } from '../../src/contracts/messages';
import { Recorder } from './recorder';

async function candidates(...words: string[]): Promise<string[]> {
  const terminal = new Recorder();
  expect(await pawl(['complete', '--', ...words], terminal)).toBe(0);
  expect(terminal.err).toBe('');
  return terminal.out.split('\n').filter(Boolean);
}
const words = async (...typed: string[]) => (await candidates(...typed)).map((line) => line.split('\t')[0]);

describe('what may come next', () => {
  it('all commands with what they do, the hidden one left out', async () => {
    const all = await candidates('');
    const names = all.map((line) => line.split('\t')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['start', 'plan', 'get', 'doctor', 'completion', ...messageNames]),
    );
    expect(names).not.toContain('complete');
    expect(all).toContain('list\tshow the newest 50 runs');
  });

  it.each<{ typed: string[]; next: string[] }>([
    { typed: ['pl'], next: ['plan'] },
    { typed: ['cluster', ''], next: ['check'] },
    { typed: ['notify', ''], next: ['test'] },
    { typed: ['cluster', 'check', ''], next: [':files'] },
    { typed: ['plan', ''], next: typeNames },
    { typed: ['plan', 'rollingUpgrade', '--o'], next: ['--output'] },
    { typed: ['plan', 'rollingUpgrade', '-f', 'x'], next: [':files'] },
    { typed: ['plan', '-f', 'x', 'ro'], next: ['rollingUpgrade'] },
    { typed: ['start', '--plan', ''], next: [':files'] },
    { typed: ['get', 'an-id', '--w'], next: ['--watch'] },
    { typed: ['abort', 'an-id', '--no-'], next: ['--no-undo'] },
    { typed: ['completion', ''], next: ['bash', 'zsh', 'fish'] },
    { typed: ['completion', 'bash', ''], next: [] },
    { typed: ['doctor', ''], next: [':files'] },
    { typed: ['no-such-command', ''], next: [] },
    { typed: [], next: [] },
  ])('after $typed: $next', async ({ typed, next }) => {
    expect(await words(...(typed.length ? typed : ['zz']))).toEqual(next);
  });

  it('nothing and no word of complaint where the server cannot be asked', async () => {
    process.env.TEMPORAL_ADDRESS = '127.0.0.1:1';
    try {
      expect(await candidates('get', '')).toEqual([]);
    } finally {
      delete process.env.TEMPORAL_ADDRESS;
    }
  });
});

describe('in a real shell', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs')], { timeout: 120_000 });
    folder = mkdtempSync(join(tmpdir(), 'pawl-shell-'));
    symlinkSync(join(root, 'bin/pawl.cjs'), join(folder, 'pawl'));
    env = {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      HOME: folder,
    };
  }, 130_000);
  afterAll(() => folder && rmSync(folder, { recursive: true }));

  const scriptOf = (shell: string) =>
    execFileSync(join(folder, 'pawl'), ['completion', shell], { env, encoding: 'utf8' });
  /** Runs a program of the shell's own language. */
  function run(shell: string, text: string): string[] {
    const file = join(folder, `test.${shell}`);
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    const args = shell === 'zsh' ? ['-f', file] : [file];
    const output = execFileSync(shell, args, { env, encoding: 'utf8', timeout: 30_000, cwd: folder });
    return output.replaceAll('\r', '').split('\n').filter(Boolean);
  }
  const where = (shell: string) => (onPath(shell) ? it : it.skip);

  where('bash')('bash completes commands and options, and leaves files to itself', () => {
    const tab = (line: string) => `COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_pawl pawl
echo "\${COMPREPLY[*]}"
`;
    const lines = run(
      'bash',
      `${scriptOf('bash')}
complete -p pawl
${tab('pawl star')}
${tab("pawl completion ''")}
${tab('pawl plan rollingUpgrade --out')}
${tab("pawl cluster check ''")}
echo end
`,
    );
    expect(lines).toEqual(['complete -F _pawl pawl', 'start', 'bash zsh fish', '--output', 'end']);
  });

  where('fish')('fish completes commands with what they do', () => {
    const script = join(folder, 'completion.fish');
    writeFileSync(script, scriptOf('fish'));
    const lines = run(
      'fish',
      `source ${script}
complete -C 'pawl sta'
complete -C 'pawl completion '
complete -C 'pawl list --a'
`,
    );
    expect(lines).toEqual([
      'start\tstart a change',
      'bash',
      'fish',
      'zsh',
      '--all\tall that Temporal keeps, at most 10000',
    ]);
  });

  where('zsh')('zsh completes on TAB', () => {
    const script = join(folder, 'completion.zsh');
    writeFileSync(script, scriptOf('zsh'));
    // a shell with a terminal, and a person who presses TAB and waits for what comes
    const lines = run(
      'zsh',
      `zmodload zsh/zpty
zpty -b shell 'TERM=dumb PS1= zsh -f -i'
until_shown() {
  local all part
  repeat 300; do
    zpty -r -t shell part && all+=$part
    [[ $all == *$1* ]] && print -r -- "shown: $1" && return
    sleep 0.05
  done
  print -r -- "not shown: $1"
}
zpty -w shell 'autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${script}; print rea""dy'
until_shown ready
zpty -w -n shell $'pawl star\t'
until_shown 'start '
zpty -w -n shell $'rollingUpgrade --pl\t'
until_shown '--plan '
zpty -d shell
`,
    );
    expect(lines).toEqual(['shown: ready', 'shown: start ', 'shown: --plan ']);
  });
});
