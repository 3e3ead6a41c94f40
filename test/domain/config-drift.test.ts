import type { Age, SeenFile, SeenHost } from '../../src/contracts/config-drift';
import { bounded, driftOf } from '../../src/domain/config/drift';
import { carriedOn, newKeys, remembered } from '../../src/domain/config/drift-memory';
import { masked } from '../../src/domain/config/masked';

/** States by the letters of their revisions: `o`ld, `w`anted, `l`ater, `s`tranger; `h` is what somebody had made. */
const REVISIONS = { O: 'old', W: 'wanted', L: 'later', S: 'stranger', M: 'wanted' };
const AGES: Record<string, Age> = { old: 'earlier', wanted: 'same', later: 'later', stranger: 'unknown' };
const WANTED = { mode: '0644', owner: 'root', group: 'root', sum: 'W' };

const kept = (state: string) => ({
  state,
  label: REVISIONS[state as keyof typeof REVISIONS] ?? 'before-x',
});
function file(path: string, sum: string | null, more: Partial<SeenFile> = {}): SeenFile {
  const is = { path, kind: 'file' as const, mode: '0644', owner: 'root', group: 'root', sum };
  const bytes = more.bytes ?? (sum && sum in REVISIONS ? [sum] : []);
  return { ...is, same: bytes, ...more, bytes };
}
const gone = (path: string, more: Partial<SeenFile> = {}) => file(path, null, { kind: 'absent', ...more });

function drift(seen: Partial<SeenHost>): string[] {
  const whole = { current: kept('W'), switching: null, job: null, whole: [], ahead: 0, files: [] };
  const found = driftOf({
    host: 'n1',
    seen: { ...whole, revisions: REVISIONS, ...seen },
    revision: 'wanted',
    wanted: new Map(['/a', '/b', '/c'].map((path) => [path, WANTED])),
    ageOf: (label) => AGES[label] ?? 'unknown',
  });
  return found.map(({ path, kind, text }) =>
    [path ?? 'all', kind, text].join(' ').replace(/^(\S+ \S+).*/, '$1'),
  );
}

it.each<[string, Partial<SeenHost>, string[]]>([
  ['all as wanted', {}, []],
  ['bytes of nobody', { files: [file('/a', 'X')] }, ['/a edited']],
  [
    'what a change found by hand before',
    { current: kept('H'), files: [file('/a', 'H', { bytes: ['H'] })] },
    ['/a edited'],
  ],
  [
    'bytes of nobody on a host that never had any',
    { current: null, files: [file('/a', 'X')] },
    ['/a edited'],
  ],
  ['no file', { files: [gone('/a')] }, ['/a missing']],
  ['another owner', { files: [file('/a', 'W', { owner: 'web', same: [] })] }, ['/a rights']],
  [
    'another mode of a revision that is not there yet',
    { current: kept('O'), files: [file('/a', 'W', { mode: '0600', bytes: [] })] },
    ['/a rights'],
  ],
  ['a link', { files: [file('/a', null, { kind: 'link' })] }, ['/a notAFile']],
  ['a folder', { files: [file('/a', null, { kind: 'folder' })] }, ['/a notAFile']],
  ['a socket', { files: [file('/a', null, { kind: 'other' })] }, ['/a notAFile']],
  [
    'an earlier revision, unedited',
    { current: kept('O'), whole: ['O'], files: [file('/a', 'O'), file('/b', 'O')] },
    ['all behind'],
  ],
  [
    'an earlier one that did not have a file yet',
    { current: kept('O'), whole: ['O'], files: [file('/a', 'O'), gone('/b')] },
    ['all behind'],
  ],
  [
    'the same one, rendered with other values',
    { current: kept('M'), whole: ['M'], files: [file('/a', 'M')] },
    ['all behind'],
  ],
  ['a later revision', { current: kept('L'), whole: ['L'], files: [file('/a', 'L')] }, ['all newer']],
  [
    'one that the centre does not know',
    { current: kept('S'), whole: ['S'], files: [file('/a', 'S')] },
    ['all newer'],
  ],
  [
    'an earlier one whole, that was put there by hand',
    { whole: ['O'], files: [file('/a', 'O')] },
    ['all behind'],
  ],
  [
    'an earlier one, and a file that somebody put where a later one has its',
    { current: kept('O'), whole: ['O'], files: [file('/a', 'O'), file('/b', 'X')] },
    ['all behind', '/b edited'],
  ],
  [
    'an earlier one, one file of it edited',
    { current: kept('O'), files: [file('/a', 'X'), file('/b', 'O')] },
    ['/a edited', '/b behind'],
  ],
  [
    'a later one, one file of it gone',
    { current: kept('L'), files: [gone('/a'), file('/b', 'L')] },
    ['/a missing', '/b newer'],
  ],
  ['files of another kept revision', { files: [file('/a', 'O')] }, ['/a halfApplied']],
  [
    'files of the wanted one beside those of the current one',
    { current: kept('O'), ahead: 1, files: [file('/a', 'O')] },
    ['/a halfApplied'],
  ],
  [
    'a gap of another kept revision',
    { files: [gone('/a', { bytes: ['O'], same: ['O'] })] },
    ['/a halfApplied'],
  ],
  [
    'a switch that was cut before the first rename',
    { current: kept('O'), switching: kept('W'), whole: ['O'], files: [file('/a', 'O'), file('/b', 'O')] },
    ['all halfApplied', '/a halfApplied', '/b halfApplied'],
  ],
  [
    'one that was cut behind the last',
    { current: kept('O'), switching: kept('W'), whole: ['W'] },
    ['all halfApplied'],
  ],
])('%s', (_, seen, expected) => {
  expect(drift(seen)).toEqual(expected);
});

it('names what is wrong with rights exactly, and where a revision stands', () => {
  const text = (seen: Partial<SeenHost>) =>
    driftOf({
      host: 'n1',
      seen: {
        current: kept('O'),
        switching: null,
        job: null,
        revisions: REVISIONS,
        whole: [],
        ahead: 0,
        files: [],
        ...seen,
      },
      revision: 'wanted',
      wanted: new Map([['/a', WANTED]]),
      ageOf: (label) => AGES[label]!,
    })[0]!.text;
  expect(text({ files: [file('/a', 'W', { owner: 'web', mode: '0600', same: [] })] })).toBe(
    'owner web instead of root, mode 0600 instead of 0644',
  );
  expect(text({ whole: ['O'], files: [file('/a', 'O')] })).toBe(
    'has revision old, which is earlier than wanted, unedited',
  );
});

describe('what is told', () => {
  it('is new once, new again after it was gone, and new when it is otherwise', () => {
    expect(newKeys({ n1: ['a', 'b'], n2: ['c'] }, { n1: ['a'] })).toEqual({ n1: ['b'], n2: ['c'] });
    expect(newKeys({ n1: ['a'] }, { n1: ['a'] })).toEqual({});
    expect(newKeys({ n1: ['a'] }, {})).toEqual({ n1: ['a'] });
  });

  it('is neither over nor new on a host that nobody could look at', () => {
    expect(carriedOn({ n2: ['u'], n3: ['c'] }, { n1: ['a'], n2: ['b'], n3: ['x'] }, ['n1', 'n2'])).toEqual({
      ...{ n1: ['a'], n2: ['u', 'b'], n3: ['c'] },
    });
  });

  it('is one key for each host when there are ten thousands', () => {
    const many = { n1: Array.from({ length: 10_001 }, (_, n) => `${n}`), n2: ['a'] };
    const { n1, n2 } = bounded(many);
    expect([n1!.length, n2!.length]).toEqual([1, 1]);
    expect(bounded({ n1: ['b', 'a'] })).toEqual({ n1: ['b', 'a'] });
    expect(bounded({ ...many, n1: [...many.n1].reverse() })).toEqual({ n1, n2 });
  });

  it.each([undefined, null, 'x', {}, { drift: {} }, { undecodable: true }])(
    'is nothing after %j',
    (result) => {
      expect(remembered(result)).toEqual({ told: {}, correcting: {} });
    },
  );
});

it.each([
  ['password = hunter2', 'password = (hidden)'],
  ['  "dbPassword": "hunter2",', '  "dbPassword": (hidden)'],
  ['# password hunter two', '# password (hidden)'],
  ['db: { "password": "a b", port: 1 }', 'db: { "password": (hidden), port: 1 }'],
  ['api_token: abc', 'api_token: (hidden)'],
  ['url: https://anna:hunter2@db/', 'url: https://(hidden)@db/'],
  ['-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nx', '(hidden)\nx'],
  ['PasswordAuthentication no', 'PasswordAuthentication no'],
  ['listen 80;', 'listen 80;'],
])('%j is shown as %j', (text, shown) => {
  expect(masked(text)).toBe(shown);
});
