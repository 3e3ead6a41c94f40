/** Which rule fits a file, and what a merge does itself. */
import fc from 'fast-check';
import { ownChanges, ruleFor, type Snapshot } from '../../src/domain/config/rights';

const fits = (glob: string, path: string) =>
  ruleFor([{ paths: [glob], requesters: ['*'] }], path) !== undefined;

it.each<[string, string, boolean]>([
  ['**', 'web/config.yaml', true],
  ['web/**', 'web/files/a/b', true],
  ['web/**', 'web', false],
  ['web/**', 'website/x', false],
  ['web/*', 'web/config.yaml', true],
  ['web/*', 'web/files/a', false],
  ['**/values.yaml', 'web/values.yaml', true],
  ['**/values.yaml', 'values.yaml', true],
  ['**/values.yaml', 'web/my-values.yaml', false],
  ['web/**/n1.yaml', 'web/n1.yaml', true],
  ['web/**/n1.yaml', 'web/values/lab/hosts/n1.yaml', true],
  ['web/files/*.conf', 'web/files/a.conf', true],
  ['web/files/*.conf', 'web/files/axconf', false],
  ['web/files/a*b*c', 'web/files/abc', true],
  ['WEB/**', 'web/x', false],
  ['**', 'web/a\nb', true],
])('%s, %s: %s', (glob, path, expected) => expect(fits(glob, path)).toBe(expected));

it('the last rule counts', () => {
  const rules = ['**', 'web/**', 'web/values/**'].map((glob) => ({ paths: [glob], requesters: [glob] }));
  expect(ruleFor(rules, 'web/values/x')?.requesters).toEqual(['web/values/**']);
  expect(ruleFor(rules, 'other/x')?.requesters).toEqual(['**']);
  expect(ruleFor(rules.slice(1), 'other/x')).toBeUndefined();
});

const side = fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined });
const snapshot = (content: string | undefined): Snapshot =>
  new Map(content === undefined ? [] : [['f', content]]);

it('a merge of two is clean where it has what one side made of what both began with, and nowhere else', () => {
  fc.assert(
    fc.property(side, side, side, side, (base, ours, theirs, merged) => {
      const clean = ours === theirs ? [ours] : ours === base ? [theirs] : theirs === base ? [ours] : [];
      const own = ownChanges(snapshot(merged), [snapshot(ours), snapshot(theirs)], () => [snapshot(base)]);
      // where no side differs from the merge there is nothing to tell
      expect(own).toEqual(clean.includes(merged) ? [] : ['f']);
    }),
    { numRuns: 2_000 },
  );
});
