/** What only shows beside other hosts. */
import type { Looked } from '../../../src/contracts/recovery';
import { withClocks, withPeers, type Running } from '../../../src/domain/recovery/beside';

const looked = (host: string, more: Partial<Looked> = {}): Looked => ({
  ...{ host, level: 'application', subject: { kind: 'host' }, is: 'well', found: ['well'] },
  ...more,
});
const service = { kind: 'service', service: 'web' } as const;

it('a clock that is minutes off is damage, one that is seconds off is not', () => {
  const all = ['n1', 'n2', 'n3'].map((host) => looked(host));
  const [one, two, three] = withClocks(all, { n1: 0, n2: 300_000, n3: 5_000 });
  expect([one!.is, three!.is]).toEqual(['well', 'well']);
  expect(two).toMatchObject({ is: 'damaged', found: ['its clock is 5 min ahead'] });
});

it('of hosts that do not answer it says nothing', () => {
  const away = looked('n1', { is: 'unknown', found: ['away'] });
  expect(withClocks([away], { n1: 999_999 })).toEqual([away]);
});

describe('a release beside those of the same version', () => {
  const running = (host: string, release: string, files: number | null, version = '1'): Running => ({
    ...{ host, service: 'web', version, release, files },
  });
  it.each<[string, Running[], Partial<Looked>]>([
    ['the same everywhere', [running('n2', 'a', 3), running('n3', 'a', 3)], { is: 'well', found: ['well'] }],
    [
      'other files than most have',
      [running('n2', 'b', 3), running('n3', 'b', 3)],
      { is: 'well', found: ['well', 'its release is otherwise than on n2, n3'] },
    ],
    [
      'fewer files than most have',
      [running('n2', 'b', 5), running('n3', 'b', 5)],
      { is: 'damaged', found: ['its release is otherwise than on n2, n3: 2 fewer files'] },
    ],
    [
      'fewer than one other has',
      [running('n2', 'b', 5)],
      { is: 'well', found: ['well', 'its release is otherwise than on n2'] },
    ],
    ['others have other versions', [running('n2', 'b', 5, '2')], { is: 'well', found: ['well'] }],
    ['others do not agree', [running('n2', 'b', 5), running('n3', 'c', 5)], { is: 'well', found: ['well'] }],
    [
      'nobody has counted',
      [running('n2', 'b', null), running('n3', 'b', null)],
      { is: 'well', found: ['well', 'its release is otherwise than on n2, n3'] },
    ],
  ])('%s', (_, others, wanted) => {
    const own = looked('n1', { subject: service });
    expect(withPeers([own], [running('n1', 'a', 3), ...others])).toEqual([{ ...own, ...wanted }]);
  });
});
