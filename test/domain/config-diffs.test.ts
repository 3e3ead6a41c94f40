import { shownDiffs } from '../../src/domain/config/patch';

const text = (host: string, ...lines: string[]) => ({ host, text: lines.join('\n') });

it('says equal diffs once, and nothing where there are none', () => {
  expect(shownDiffs([])).toBeUndefined();
  expect(shownDiffs([text('n1', '+a', '-b'), text('n2', '+a', '-b'), text('n1', '+c')])).toEqual({
    shown: [
      { hosts: ['n1', 'n2'], text: '+a\n-b' },
      { hosts: ['n1'], text: '+c' },
    ],
    more: 0,
  });
});

it('cuts between lines, and counts what had no room', () => {
  expect(shownDiffs([text('n1', '+1234', '+5678', '+9'), text('n2', '+x', '+y')], 10)).toEqual({
    shown: [{ hosts: ['n1'], text: '+1234' }],
    more: 4,
  });
});
