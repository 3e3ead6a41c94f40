/** What programs that look for damage print, and what of it means nothing. */
import {
  parseExposure,
  parseFolders,
  parseGit,
  parseHeld,
  parseFetched,
  parsePackages,
  parseTables,
} from '../../src/adapters/recovery/said';

it('packages that were fetched, and those that cannot be had', () => {
  const text =
    'there nginx\nmissing lost 1:2.0 Version not found\nmissing gone - dpkg does not know it any more\ngarbage\n';
  expect(parseFetched(text)).toEqual({
    there: ['nginx'],
    missing: [
      { package: 'lost', version: '1:2.0', why: 'Version not found' },
      { package: 'gone', version: '-', why: 'dpkg does not know it any more' },
    ],
  });
  expect(parseFetched('')).toEqual({ there: [], missing: [] });
});

it('packages: files by their owners', () => {
  const text = [
    'missing /usr/bin/[',
    'changed /usr/lib/x/libc.so',
    'missing /usr/bin/nobodys',
    'of coreutils: /usr/bin/[',
    'of libc6:amd64, libc6:i386: /usr/lib/x/libc.so',
    'package coreutils',
    'package libc6',
    'package vim',
    'more 7',
    'garbage',
    '',
  ].join('\n');
  expect(parsePackages(text)).toEqual({
    files: [
      { how: 'missing', path: '/usr/bin/[', package: 'coreutils' },
      { how: 'changed', path: '/usr/lib/x/libc.so', package: 'libc6' },
      { how: 'missing', path: '/usr/bin/nobodys', package: 'an unknown package' },
    ],
    packages: ['coreutils', 'libc6', 'vim'],
    more: 7,
  });
  expect(parsePackages('')).toEqual({ files: [], packages: [], more: 0 });
});

it('tables: with odd names, faults, and where there was no time', () => {
  const text = [
    'gone\t/var/lib/mysql/mysql',
    'table\tshop.odd ` name',
    'reads\tshop.odd ` name',
    'table\tshop.lost',
    "fault\tTable 'shop.lost' doesn't exist in engine",
    'late\tchecking',
    'checked\tshop.odd ` name\tstatus\tOK',
    'checked',
    '',
  ].join('\n');
  expect(parseTables(text)).toEqual({
    ...{
      gone: ['/var/lib/mysql/mysql'],
      tables: ['shop.odd ` name', 'shop.lost'],
      reads: ['shop.odd ` name'],
    },
    faults: [{ table: 'shop.lost', words: "Table 'shop.lost' doesn't exist in engine" }],
    checks: [
      { table: 'shop.odd ` name', type: 'status', words: 'OK' },
      { table: '', type: '', words: '' },
    ],
    ...{ blind: false, late: { reading: false, checking: true } },
  });
  expect(parseTables('blind\n')).toMatchObject({ blind: true, tables: [] });
});

it('folders: records with any bytes in paths', () => {
  const text = [
    'folder there /etc',
    'folder absent /srv/a b\nc',
    'is regular empty file:/etc/it\'s: "x"',
    'is directory:/etc/d',
    'is symbolic link:/etc/two\nlines',
    'is weird:/etc/w',
    "cannot error reading '/x': Input/output error",
    'folder upside-down /y',
    '',
  ].join('\0');
  expect(parseFolders(text)).toEqual({
    folders: [
      { path: '/etc', is: 'there' },
      { path: '/srv/a b\nc', is: 'absent' },
    ],
    kinds: new Map([
      ['/etc/it\'s: "x"', 'file'],
      ['/etc/d', 'dir'],
      ['/etc/two\nlines', 'symlink'],
      ['/etc/w', 'weird'],
    ]),
    cannot: ["error reading '/x': Input/output error"],
  });
});

describe('the files of a backup', () => {
  it('are read whatever their names are; one that is no text cannot be compared', () => {
    const text = [
      'files 3',
      '{"name":"x","type":"file","path":"/a/\\"x\\",\\"uid\\":"}',
      '{"name":"l","type":"symlink","path":"/a/l"}',
      '{"name":"\\ufffd","type":"file","path":"/a/\\ufffd"}',
      '',
    ].join('\n');
    expect(parseHeld(text)).toEqual({
      total: 3,
      files: [
        { path: '/a/"x","uid":', kind: 'file' },
        { path: '/a/l', kind: 'symlink' },
      ],
    });
  });

  it.each(['', 'files many\n', 'files 1\n{"type":"file"', 'files 1\n{"type":"file"}\n', 'nothing'])(
    '%j is no list',
    (text) => {
      expect(() => parseHeld(text)).toThrow();
    },
  );
});

it('a repository', () => {
  const text = 'refs 4\ndropped refs/heads/a b\nlost refs/heads/c\nfault missing tree 4b\nlate 9\n';
  expect(parseGit(text)).toEqual({
    ...{ refs: 4, dropped: ['refs/heads/a b'], lost: ['refs/heads/c'], faults: ['missing tree 4b'], late: 9 },
  });
  expect(parseGit('')).toEqual({ refs: 0, dropped: [], lost: [], faults: [], late: null });
});

it('reads what is open to others', () => {
  const text = 'open /srv/a b\nopen /srv/c\nsetid /srv/d\nkey /root/.ssh/id_rsa\nport 22\nport 8080\n';
  expect(parseExposure(text)).toEqual({
    ...{ open: ['/srv/a b', '/srv/c'], setid: ['/srv/d'], keys: ['/root/.ssh/id_rsa'], ports: [22, 8080] },
  });
  expect(parseExposure('')).toEqual({ open: [], setid: [], keys: [], ports: [] });
});
