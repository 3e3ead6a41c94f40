/** Runs that were begun with an earlier release go on with this code. */
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, stateDir } from '../../lab/paths';
import { TRACING_IN_WORKFLOWS } from '../../src/temporal/tracing';
import * as workflows from '../../src/workflows';

const payloadConverterPath = require.resolve('../../src/temporal/payload-converter');
const FILES = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

/** @param source folder like `src` */
async function codeOf(
  source: string,
  workflowInterceptorModules: string[] = [],
): Promise<ReplayWorkerOptions> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(source, 'workflows/index.ts'),
    payloadConverterPath,
    failureConverterPath: require.resolve('../../src/temporal/failure-converter'),
    workflowInterceptorModules,
    logger: new DefaultLogger('ERROR'),
  });
  return { workflowBundle, dataConverter: { payloadConverterPath } };
}

function replay(code: ReplayWorkerOptions, file: string): Promise<void> {
  const history = JSON.parse(readFileSync(join(__dirname, file), 'utf8')) as {
    events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
  };
  // messages of the lease say whom they are for
  const id = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
  return Worker.runReplayHistory(code, history, id);
}

let current: ReplayWorkerOptions;
beforeAll(async () => {
  const logging = { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) };
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } });
  current = await codeOf(join(root, 'src'));
}, 60_000);

it.each(Object.keys(workflows))('there are histories of %s', (type) => {
  expect(FILES.filter((file) => file.includes(`/${type}-`))).not.toEqual([]);
});

it.each(FILES)('%s replays', async (file) => {
  await replay(current, file);
});

describe('with traces, which were off when these runs began,', () => {
  let traced: ReplayWorkerOptions;
  beforeAll(async () => {
    const sinks = { exporter: { export: { fn: () => undefined } } };
    traced = { ...(await codeOf(join(root, 'src'), [require.resolve(TRACING_IN_WORKFLOWS)])), sinks };
  }, 60_000);

  it.each(FILES)('%s replays', async (file) => {
    await replay(traced, file);
  });
});

describe('an edit that breaks open runs is found', () => {
  let folder: string;
  beforeEach(() => {
    mkdirSync(join(stateDir, 'test'), { recursive: true });
    // inside the clone, where packages are found
    folder = mkdtempSync(join(stateDir, 'test', 'edited-'));
    cpSync(join(root, 'src'), folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    [
      'an activity is renamed',
      'succeeded',
      'workflows/steps/host-steps.ts',
      /const { putBack }/,
      'const { bring: putBack }',
    ],
    ['a step is left out', 'succeeded', 'workflows/rolling-upgrade.ts', /await putBack\(.*\);/, ''],
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
    [
      'hosts that are through are worked on again',
      'continued-2',
      'workflows/steps/one-by-one.ts',
      /state !== 'done' && /,
      '',
    ],
  ])('%s', async (_, story, path, what, instead) => {
    const file = join(folder, path);
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace(what, instead));
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    const files = FILES.filter((name) => name.endsWith(`rollingUpgrade-${story}.json`));
    expect(files).not.toEqual([]);
    const code = await codeOf(folder);
    for (const name of files)
      await expect(replay(code, name)).rejects.toMatchObject({ name: 'DeterminismViolationError' });
  });
});
