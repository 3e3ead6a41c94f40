import { ago, ageText, count, sizeText } from '../../src/domain/amounts';

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1_023, '1023 bytes'],
  [1_024, '1.0 KiB'],
  [1_300_000, '1.2 MiB'],
  [1_048_575, '1.0 MiB'],
  [41_231_686_041, '38.4 GiB'],
  [1_024 ** 4, '1.0 TiB'],
  [1_024 ** 6, '1024.0 PiB'],
])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

it.each([
  ['2026-11-23T11:59:30Z', '30 s ago'],
  ['2026-11-23T11:58:01Z', '1 min ago'],
  ['2026-11-23T10:00:00Z', '2 h ago'],
  ['2026-11-21T12:00:01Z', '47 h ago'],
  ['2026-11-20T10:00:00Z', '3 d ago'],
  // clocks differ a little
  ['2026-11-23T12:00:02Z', '0 s ago'],
])('%s was %s', (time, text) => expect(ago(time, Date.parse('2026-11-23T12:00:00Z'))).toBe(text));

it('says ages shortly', () => expect(ageText(90_000)).toBe('1 min'));

it('counts one and many', () => expect([1, 2].map((n) => count(n, 'host'))).toEqual(['1 host', '2 hosts']));
