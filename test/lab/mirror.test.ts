import { findMirror } from '../../lab/hosts/mirror';

const DEB822 = `Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
`;

it.each([
  ['the newer format', DEB822, 'http://mirror.example/debian'],
  ['one line', 'deb http://mirror.example/debian bookworm main\n', 'http://mirror.example/debian'],
  [
    'one line with options',
    'deb [arch=amd64 signed-by=/k.gpg] https://m.example/d bookworm main contrib',
    'https://m.example/d',
  ],
  ['sources only', 'deb-src http://mirror.example/debian bookworm main', undefined],
  ['a commented line', '# deb http://mirror.example/debian bookworm main', undefined],
  ['a third party with a suite of its own', 'deb https://apt.example cloud-sdk-bookworm main', undefined],
  ['another release', 'deb http://mirror.example/debian trixie main', undefined],
  ['a disc', 'deb cdrom:[Debian]/ bookworm main', undefined],
  ['nothing', '', undefined],
])('%s → %s', (_, text, mirror) => {
  expect(findMirror(text, 'bookworm')).toBe(mirror);
});
