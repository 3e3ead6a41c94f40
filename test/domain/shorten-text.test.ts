import fc from 'fast-check';
import { shortenText, type Limit } from '../../src/domain/shorten-text';

const characters = (most: number): Limit => ({ most, of: 'characters' });
const bytes = (most: number): Limit => ({ most, of: 'bytes' });

it.each([
  { text: 'One. Two. Three.', limit: characters(16), is: 'One. Two. Three.' },
  { text: 'One is here. Two is here. Three.', limit: characters(30), is: 'One is here. … (shortened)' },
  { text: 'Line one\nline two is longer than that', limit: characters(25), is: 'Line one … (shortened)' },
  {
    text: 'Version 1.2.3 runs on no host at all now',
    limit: characters(30),
    is: 'Version 1.2.3 ru … (shortened)',
  },
  { text: 'x'.repeat(40), limit: characters(20), is: 'xxxxxx … (shortened)' },
])('$text at $limit.most', ({ text, limit, is }) => expect(shortenText(text, limit, 'en')).toBe(is));

it.each([
  { text: '第一句。第二句很长很长很长很长。', limit: characters(15), is: '第一句。……（已截短）' },
  { text: '第一句。第二句很长很长很长很长。', limit: bytes(40), is: '第一句。……（已截短）' },
])('$text at $limit.most $limit.of', ({ text, limit, is }) =>
  expect(shortenText(text, limit, 'zh')).toBe(is),
);

it('is never longer than it may be, and never cuts a character in two', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 400 }),
      fc.integer({ min: 40, max: 300 }),
      (text, most) => {
        const short = shortenText(text, bytes(most), 'zh');
        expect(Buffer.byteLength(short)).toBeLessThanOrEqual(Math.max(most, 0));
        expect(short).not.toMatch(/\p{Surrogate}/u);
        if (Buffer.byteLength(text) <= most) expect(short).toBe(text);
        else expect(short.endsWith('……（已截短）')).toBe(true);
      },
    ),
  );
});
