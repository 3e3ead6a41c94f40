import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { startLoad, type LoadOptions } from '../../lab/load';
import { makeRelease } from '../../lab/service';
import type { Report } from '../../src/contracts/status';
import { longIt } from '../long';
import { Ground, ended, reached, sampleServers } from './ground';
import { mostTakenOut, startsFromNow, underLoad, untilBusy } from './whole-run';

const HOSTS = ['n1', 'n2'];
/** A second HAProxy, on the same host, with a socket and ports of its own. */
const SECOND = {
  unit: 'second',
  socket: '/run/haproxy/second.sock',
  stateFile: '/var/lib/pawl/second-state',
  port: 8000,
};

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-two', HOSTS.length);
  await ground.inside('lb1', 'sh', '-c', START_SECOND);
  await addSecond(ground.cluster);
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

const START_SECOND = `
  sed -e 's|/run/haproxy/admin.sock|${SECOND.socket}|' -e 's|bind :80$|bind :${SECOND.port}|' -e 's|bind :81$|bind :8100|' \\
    -e 's|/var/lib/pawl/haproxy-state|${SECOND.stateFile}|' \\
    /etc/haproxy/haproxy.cfg >/etc/haproxy/second.cfg
  exec systemd-run --quiet --unit=${SECOND.unit} -p ExecReload='/bin/kill -USR2 $MAINPID' \\
    haproxy -W -S /run/haproxy-second.sock -f /etc/haproxy/second.cfg
`;

async function addSecond(file: string): Promise<void> {
  const cluster = parse(await readFile(file, 'utf8')) as {
    balancers: Record<string, object>;
    services: Record<string, { routes: object[] }>;
  };
  cluster.balancers['second'] = {
    kind: 'haproxy',
    host: 'lb1',
    socket: SECOND.socket,
    stateFile: SECOND.stateFile,
  };
  cluster.services['web']!.routes.push({ balancer: 'second', backend: 'web' });
  await writeFile(file, stringify(cluster));
}

/** An upgrade while clients come through both balancers; `during` happens meanwhile. */
async function upgrade(
  version: string,
  {
    slow = {},
    ready,
    during,
  }: Pick<LoadOptions, 'slow'> & {
    ready?: () => Promise<void>;
    during?: (until: Until) => Promise<unknown>;
  } = {},
) {
  const artifact = await makeRelease({ version });
  const started = await startsFromNow(ground);
  const url = `http://${ground.address('lb1')}:${SECOND.port}/`;
  const load = await startLoad({ url, rate: 200, slow });
  const sampler = sampleServers(ground, 'web', SECOND.socket);
  try {
    await ready?.();
    const first = await underLoad(ground, async () => {
      const handle = await ground.start({ version, artifact });
      await during?.((state) => reached(handle, ({ hosts }) => hosts[0]?.state === state));
      return ended(handle);
    });
    const second = { requests: await load.stop(), ...(await sampler.stop()) };
    return { first, second, started: await started() };
  } finally {
    await Promise.all([load.stop(), sampler.stop()]);
  }
}

type Until = (state: string) => Promise<unknown>;

function expectLossless({ first, second, started }: Awaited<ReturnType<typeof upgrade>>, version: string) {
  expect([first.result.end, first.result.message]).toEqual([
    'succeeded',
    expect.stringContaining('on 2 hosts'),
  ]);
  for (const { requests, seen } of [first, second]) {
    expect(requests.failures).toEqual([]);
    expect(requests.sent).toBeGreaterThan(500);
    expect(mostTakenOut(seen)).toBe(1);
  }
  expect(started).toEqual({ n1: [version], n2: [version] });
}

describe('two balancers', () => {
  it('that route to one service are both left before its host is changed, and both say that it is back', async () => {
    const done = await upgrade('1.1.0');
    expectLossless(done, '1.1.0');
    for (const { seen } of [done.first, done.second]) expect(seen).toContain('n1 MAINT');
    const { hosts }: Report = done.first.result.report;
    expect(hosts.map(({ balancers }) => balancers)).toEqual(
      HOSTS.map(() => ({
        edge: { state: 'in', weight: 100, sessions: expect.any(Number) as number },
        second: { state: 'in', weight: 100, sessions: expect.any(Number) as number },
      })),
    );
  });

  longIt('lose nothing when one of them is reloaded during a drain', async () => {
    const done = await upgrade('1.2.0', {
      slow: { everyMs: 500 },
      ready: () => untilBusy(ground, 'n1', SECOND.socket),
      during: async (until) => {
        await until('draining');
        await ground.inside('lb1', 'systemctl', 'reload', SECOND.unit);
        await delay(500);
        await ground.inside('lb1', 'systemctl', 'reload', SECOND.unit);
      },
    });
    expect(done.second.requests.slow.ok).toBeGreaterThan(0);
    expectLossless(done, '1.2.0');
  });

  it('that disagree about a host before the change are named, and nothing is touched', async () => {
    await ground.haproxy('set server web/n2 state maint', SECOND.socket);
    const artifact = await makeRelease({ version: '1.3.0' });
    const { end, message } = await ended(await ground.start({ version: '1.3.0', artifact }));
    await ground.haproxy('set server web/n2 state ready', SECOND.socket);
    expect(end).toBe('BadInput');
    expect(message).toContain('hosts.n2: MAINT: must be in rotation and up at second before the change');
  });
});
