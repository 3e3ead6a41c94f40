/** A replay finds what an edit would do to open runs. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, stateDir } from '../../lab/paths';
import { selection } from '../long';
import { beQuiet, codeOf, FILES, replays } from './replay';

beforeAll(beQuiet);
// each bundles all workflows anew
jest.setTimeout(60_000);

describe('an edit that breaks open runs is found', () => {
  let folder: string;
  beforeEach(() => {
    mkdirSync(join(stateDir, 'test'), { recursive: true });
    // inside the clone, where packages are found
    folder = mkdtempSync(join(stateDir, 'test', 'edited-'));
    cpSync(join(root, 'src'), folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const edits: [string, string, string, RegExp, string][] = [
    [
      'an activity is renamed',
      'succeeded',
      'workflows/steps/host-steps.ts',
      /const { putBack }/,
      'const { bring: putBack }',
    ],
    ['a step is left out', 'succeeded', 'workflows/steps/rollout.ts', /if \(percent === undefined\) await putBack\(.*\);\s+else/, 'if (percent !== undefined)'],
    [
      'hosts that are through are worked on again',
      'continued-2',
      'workflows/steps/one-by-one.ts',
      /state !== 'done' && /,
      '',
    ],
    [
      'a gate that is promoted while it holds fails all the same',
      'gateHeld',
      'workflows/steps/gate.ts',
      /if \(control\.promoted\) return this\.promoted\(\);(?=\s+const)/,
      '',
    ],
    [
      'a host that failed is not put back',
      'withinBudget',
      'workflows/steps/settle.ts',
      /(?<=is put back`\);\s+try {\s+)await undoOf\(.*\);/,
      '',
    ],
    [
      'what is done once is done after the hosts only',
      'stepsDone',
      'workflows/rolling-upgrade.ts',
      /await runOnce\(run, 'before'\);/,
      '',
    ],
    [
      'what was done once is not taken back',
      'stepsTakenBack',
      'workflows/steps/undo.ts',
      /if \(step\?\.undo\) await .*/,
      '',
    ],
    [
      'there is a way back behind the point of no return',
      'noReturn',
      'workflows/steps/conduct.ts',
      /wanted && !noReturn/,
      'wanted',
    ],
    [
      'a long batch is finished in one run',
      'continued',
      'workflows/steps/long.ts',
      /run\.plan\.format > 1 && isLong\(\)/,
      'false',
    ],
  ];
  it.each(selection(edits, 3))('%s', async (_, story, path, what, instead) => {
    const file = join(folder, path);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace(what, instead));
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    const files = FILES.filter((name) => name.endsWith(`rollingUpgrade-${story}.json`));
    expect(files).not.toEqual([]);
    const outcomes = await replays(await codeOf(folder), files);
    expect([...outcomes.values()].map((error) => error?.name)).toEqual(
      files.map(() => 'DeterminismViolationError'),
    );
  });
});
