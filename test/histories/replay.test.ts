/** Runs that were begun with an earlier release go on with this code. */
import { join } from 'node:path';
import { root } from '../../lab/paths';
import { TRACING_IN_WORKFLOWS } from '../../src/temporal/tracing';
import * as workflows from '../../src/workflows';
import { beQuiet, codeOf, FILES, replays } from './replay';

beforeAll(beQuiet);

it.each(Object.keys(workflows))('there are histories of %s', (type) => {
  expect(FILES.filter((file) => file.includes(`/${type}-`))).not.toEqual([]);
});

describe.each<[string, string[], object]>([
  ['with this code', [], {}],
  [
    'with traces, which were off when these runs began,',
    [require.resolve(TRACING_IN_WORKFLOWS)],
    { sinks: { exporter: { export: { fn: () => undefined } } } },
  ],
])('%s', (_, interceptors, sinks) => {
  let outcomes: Map<string, Error | undefined>;
  beforeAll(async () => {
    outcomes = await replays({ ...(await codeOf(join(root, 'src'), interceptors)), ...sinks }, FILES);
  }, 120_000);

  it.each(FILES)('%s replays', (file) => {
    expect(outcomes.has(file)).toBe(true);
    expect(outcomes.get(file)).toBeUndefined();
  });
});
