/** How files of a host are compared, with a host in memory. */
import { differences } from '../../src/activities/config-look';
import { ConfigTarget } from '../../src/contracts/config-set';
import type { RemoteHost } from '../../src/contracts/world';

const file = (path: string, text: string, sensitive = false) => ({
  target: ConfigTarget.parse({ path, source: 'x', after: 'nothing', sensitive }),
  bytes: Buffer.from(text),
});

async function look(files: ReturnType<typeof file>[], stdout: string) {
  const asked: unknown[] = [];
  const run = (...args: unknown[]) => {
    asked.push(args);
    return Promise.resolve({ code: 0, stdout, stderr: '', truncated: false });
  };
  const found = await differences(
    { name: 'n1', run } as unknown as RemoteHost,
    files,
    new AbortController().signal,
  );
  return { found, asked: asked.length };
}
it('takes no word of a host for what it may remove that nobody can have brought', async () => {
  const files = [file('/etc/a', 'new\n')];
  const { found } = await look(
    files,
    'gone /etc/b reload nginx.service\ngone /etc/c -\ngone /etc/d run c3lzY3Rs\n',
  );
  expect(found.map(({ gone }) => gone)).toEqual([
    { path: '/etc/b', action: 'reload nginx.service' },
    { path: '/etc/c', action: null },
    { path: '/etc/d', action: null },
  ]);
  for (const word of ['gone /etc/../x -', 'gone /etc/b reload a;b', 'gone /etc/b stop web.service'])
    await expect(look(files, `${word}\n`)).rejects.toThrow('that nobody brought');
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

it('asks nobody where there are no files: what is wrong with them is told elsewhere', async () => {
  expect(await look([], '')).toEqual({ found: [], asked: 0 });
});

it('tells what is otherwise, and of what is secret only that it is', async () => {
  const files = [file('/etc/a', 'new\n'), file('/etc/b', 'planted', true)];
  const said = `is 0644 root root file /etc/a\ncontent ${base64('old\n')}\nis - - - absent /etc/b\n`;
  const { found } = await look(files, said);
  expect(found[0]!.text).toContain('-old\n+new');
  expect(found[1]).toEqual({
    path: '/etc/b',
    text: '/etc/b: its content, which is not shown, is different',
  });
});
