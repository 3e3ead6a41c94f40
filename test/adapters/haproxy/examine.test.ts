import { haproxy } from '../../../src/adapters/load-balancers/haproxy';
import { reachHaproxy, signal, type Reached } from './reached';

let reached: Reached;
beforeAll(async () => (reached = await reachHaproxy({ masterSocket: false })), 30_000);
afterAll(() => reached?.stop());

const at = (socket: string) => haproxy({ host: reached.host, socket }).examine(signal);
const noMaster = { code: 'noMaster', mend: expect.stringContaining('-S /run/haproxy-master.sock') };

it('misses the master socket', async () => {
  expect(await at(reached.real.socket)).toMatchObject([noMaster]);
});

it('tells a socket that may only look', async () => {
  expect(await at(reached.real.readOnlySocket)).toMatchObject([
    { code: 'notAdmin', what: expect.stringContaining('has level operator') },
    noMaster,
  ]);
});

it('tells where no socket is, and where nobody listens', async () => {
  const { socket } = reached.real;
  expect(await at(`${socket}.other`)).toMatchObject([
    { code: 'noSocket', mend: expect.stringContaining(`stats socket ${socket}.other mode 660 level admin`) },
  ]);
});
