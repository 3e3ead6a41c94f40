/** Runs that were begun with an earlier release go on with this code. */
import type { ReplayWorkerOptions } from '@temporalio/worker';
import { join } from 'node:path';
import { root } from '../../lab/paths';
import { TRACING_IN_WORKFLOWS } from '../../src/temporal/tracing';
import * as workflows from '../../src/workflows';
import { beQuiet, codeOf, FILES, replay } from './replay';

let current: ReplayWorkerOptions;
beforeAll(async () => {
  beQuiet();
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
