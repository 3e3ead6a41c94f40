import { parsePlanInput } from '../../src/activities/plan/input';
import { PawlError, type Mistake } from '../../src/contracts/failures';
import { ConfigDriftInput } from '../../src/contracts/inputs/config-drift';

const GOOD = { cluster: 'c.yaml', service: 'web' };
const parse = (raw: unknown) => parsePlanInput(ConfigDriftInput, raw);

function mistakes(raw: unknown): string[] {
  try {
    parse(raw);
    return [];
  } catch (error) {
    if (!(error instanceof PawlError) || error.type !== 'BadInput') throw error;
    return (error.details as { mistakes: Mistake[] }).mistakes.map(({ path, rule }) => `${path}: ${rule}`);
  }
}

it('fills in safe defaults', () => {
  expect(parse(GOOD)).toEqual({ ...GOOD, correct: false, notify: true, dryRun: false });
});

it.each<[string, unknown, string[]]>([
  ['nothing', undefined, ['needed: a map']],
  ['null', null, ['must be a map']],
  ['a list', [], ['must be a map']],
  ['an empty object', {}, ['cluster: needed', 'service: needed']],
  ['a misspelt word', { ...GOOD, corect: true }, ['did you mean "correct"']],
  ['a revision with an option in it', { ...GOOD, revision: '--output=x' }, ['revision: a tag, a branch']],
  ['a range of revisions', { ...GOOD, revision: 'a..b c' }, ['revision: a tag, a branch']],
  ['no hosts', { ...GOOD, hosts: [] }, ['hosts: at least 1']],
  ['odd hosts', { ...GOOD, hosts: ['../x', 1] }, ['hosts.0: ', 'hosts.1: ']],
  ['a yes in words', { ...GOOD, correct: 'yes' }, ['correct: ']],
  ['an invisible path', { ...GOOD, cluster: 'c\u202e.yaml' }, ['cluster: a path']],
  ['a long note', { ...GOOD, note: 'x'.repeat(2_001) }, ['note: at most 2000']],
  [
    'a prototype',
    JSON.parse('{"__proto__": {"correct": true}, "cluster": "c", "service": "w"}'),
    ['__proto__'],
  ],
  ['too much', { ...GOOD, note: 'x'.repeat(262_144) }, ['at most 262144 bytes']],
])('%s: every mistake at once', (_, raw, expected) => {
  const found = mistakes(raw);
  expect(found).toHaveLength(expected.length);
  expected.forEach((words, at) => expect(found[at]).toContain(words));
});
