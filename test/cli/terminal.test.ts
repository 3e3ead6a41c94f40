import { processTerminal } from '../../src/cli/terminal';

/** What arrives on both streams when a command writes in colour. */
function written({
  out = true,
  err = true,
  env = {},
}: {
  out?: boolean;
  err?: boolean;
  env?: NodeJS.ProcessEnv;
}) {
  const texts = { out: '', err: '' };
  const stream = (name: 'out' | 'err', isTTY: boolean) => ({
    isTTY,
    columns: 100,
    rows: 30,
    write: (text: string) => (texts[name] += text),
  });
  const terminal = processTerminal({ stdout: stream('out', out), stderr: stream('err', err), env });
  terminal.print(terminal.colours.red('data'));
  terminal.remark(terminal.colours.red('remark'));
  const coloured = (text: string) => text.includes('\u001b[');
  return { out: coloured(texts.out), err: coloured(texts.err), live: terminal.live, size: terminal.size() };
}

it.each([
  { what: 'a person looks at both', given: {}, out: true, err: true },
  { what: 'data goes into a pipe', given: { out: false }, out: false, err: false },
  { what: 'remarks go into a file', given: { err: false }, out: true, err: false },
  { what: 'NO_COLOR is set', given: { env: { NO_COLOR: '1' } }, out: false, err: false },
  { what: 'NO_COLOR is empty', given: { env: { NO_COLOR: '' } }, out: true, err: true },
  {
    what: 'FORCE_COLOR is set for pipes',
    given: { out: false, err: false, env: { FORCE_COLOR: '1' } },
    out: true,
    err: true,
  },
  { what: 'FORCE_COLOR is 0', given: { env: { FORCE_COLOR: '0' } }, out: false, err: false },
  {
    what: 'both are set: NO_COLOR wins',
    given: { env: { NO_COLOR: '1', FORCE_COLOR: '1' } },
    out: false,
    err: false,
  },
  { what: 'the terminal is dumb', given: { env: { TERM: 'dumb' } }, out: false, err: false },
])('colours where $what: $out, $err', ({ given, out, err }) => {
  expect(written(given)).toMatchObject({ out, err });
});

it('draws in place only where a person looks, and breaks lines only there', () => {
  expect(written({})).toMatchObject({ live: true, size: { columns: 100, rows: 30 } });
  const forced = written({ out: false, env: { FORCE_COLOR: '1' } });
  expect(forced).toMatchObject({ live: false, size: { columns: Infinity, rows: Infinity } });
});
