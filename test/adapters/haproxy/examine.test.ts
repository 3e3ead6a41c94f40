import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import { reachHaproxy, signal, type Reached } from './reached';

let reached: Reached;
beforeAll(async () => (reached = await reachHaproxy({ masterSocket: false })), 30_000);
afterAll(() => reached?.stop());

const at = (socket: string) => haproxy({ host: reached.host, socket }).examine(signal);
const noMaster = { code: 'noMaster', mend: expect.stringContaining('-S /run/haproxy-master.sock') };

const forgets = { code: 'forgets', what: expect.stringContaining('name /var/lib/pawl/haproxy-state as') };

it('misses the master socket, and what it reads at its start', async () => {
  expect(await at(reached.real.socket)).toMatchObject([noMaster, forgets]);
});

it('wants it to read the file that Pawl writes, at its start, in words and with the lines', async () => {
  const { host, real } = reached;
  const { stateFile, socket } = real;
  const complaints = () => haproxy({ host, socket, stateFile }).examine(signal);
  const add = (where: string, line: string) => async () =>
    real.configure((text) => text.replace(`${where}\n`, `${where}\n  ${line}\n`));
  const edit = (line: string) => expect.stringContaining(line) as string;
  const [, lacksBoth] = await complaints();
  expect(lacksBoth).toMatchObject({
    code: 'forgets',
    mend: edit(
      `-e '/^global/a\\    server-state-file ${stateFile}' -e '/^defaults/a\\    load-server-state-from-file global'`,
    ),
  });
  await add('global', 'server-state-file /other/place')();
  expect((await complaints())[1]?.mend).toContain(`-e '/^ *server-state-file /d'`);
  await real.configure((text) => text.replace('/other/place', stateFile));
  expect((await complaints())[1]?.mend).not.toContain('server-state-file /d');
  await add('defaults', 'load-server-state-from-file global')();
  expect(await complaints()).toMatchObject([noMaster]);
});

it('tells a socket that may only look', async () => {
  expect(await at(reached.real.readOnlySocket)).toMatchObject([
    { code: 'notAdmin', what: expect.stringContaining('has level operator') },
    noMaster,
    { code: 'forgets' },
  ]);
});

it('tells where no socket is, and where nobody listens', async () => {
  const { socket } = reached.real;
  expect(await at(`${socket}.other`)).toMatchObject([
    { code: 'noSocket', mend: expect.stringContaining(`stats socket ${socket}.other mode 660 level admin`) },
  ]);
});
