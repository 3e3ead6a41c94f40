/** Hosts that go out of service and come back, under load, on real hosts behind a real HAProxy. */
import { copyFile } from 'node:fs/promises';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { freeze, thaw } from '../../lab/hosts/faults';
import { hostRoot } from '../../lab/hosts/topology';
import { startLoad } from '../../lab/load';
import { makeRelease } from '../../lab/service';
import type { Mistake } from '../../src/contracts/failures';
import { busy } from '../full';
import { ended, Ground } from './ground';
import { expectShare, RAMP, sharesOnTheWay } from './shares';
import { expectAllIn, underLoad, untilBusy } from './whole-run';

const HOSTS = ['n1', 'n2', 'n3'];
const OUT = { reason: 'a new disk', by: 'anna', drain: { deadlineSeconds: 30 } };
const NO_GATE = { gate: { enabled: false } };
/** Limits for which a few seconds are evidence, on a machine that others use too. */
const GATE = {
  availabilityPercent: 95,
  errorRatePercent: 5,
  p95ToleranceMs: 1_000,
  hostCpuPercent: 100,
  holdSeconds: 60,
};

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-nodes', HOSTS.length, { spare: 1 });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

const offline = async (input: object) => ended(await ground.startAs('nodeOffline', { ...OUT, ...input }));
const online = (input: object) => ground.startAs('nodeOnline', { hosts: ['n3'], ...input });

async function mistakesOf(type: string, input: object): Promise<Mistake[]> {
  const { end, details } = await ended(await ground.startAs(type, input));
  expect(end).toBe('BadInput');
  return (details[0] as { mistakes: Mistake[] }).mistakes;
}

/** Requests that the host itself has answered, by its own count. */
async function answered(host: string): Promise<number> {
  const text = await ground.inside(host, 'curl', '-sf', 'http://localhost:8080/metrics');
  return Number(/^http_request_duration_seconds_count (\d+)$/m.exec(text)?.[1]);
}

/** Whether anything listens on the service's port, by the kernel's word. */
async function listens(host: string): Promise<boolean> {
  return (await ground.inside(host, 'ss', '-Hltn', 'sport = :8080')) !== '';
}

/** Requests with the cookie of a host that HAProxy's `cookie` sticks to; counts those that failed. */
function sticky(host: string) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const counts = { sent: 0, failed: 0, there: 0 };
  let stopped = false;
  const ask = () =>
    new Promise<void>((resolve) => {
      const over = (failed: boolean) => {
        counts.sent += 1;
        counts.failed += Number(failed);
        resolve();
      };
      const headers = { cookie: `SRV=${host}` };
      http
        .get(`http://${ground.address('lb1')}/`, { agent, headers }, (answer) => {
          counts.there += Number(answer.headers['x-host'] === host);
          answer
            .resume()
            .on('end', () => over(answer.statusCode !== 200))
            .on('error', () => over(true));
        })
        .on('error', () => over(true));
    });
  const done = (async () => {
    while (!stopped) await ask().then(() => delay(20));
    agent.destroy();
  })();
  return async () => {
    stopped = true;
    await done;
    return counts;
  };
}

/** HAProxy keeps clients at their host by a cookie from now on. */
async function stickToHosts(): Promise<void> {
  const servers = '/^backend web$/,/^backend webdeb$/ s/server \\(n[0-9]\\) .*/& cookie \\1/';
  const edit = `${servers}; s/^backend web$/&\\n    cookie SRV indirect nocache/`;
  await ground.inside('lb1', 'sed', '-i', edit, '/etc/haproxy/haproxy.cfg');
  await ground.inside('lb1', 'systemctl', 'restart', 'haproxy');
  await delay(1_500);
}

it('what would leave too few is refused, before anything is done', async () => {
  const refused = async (input: object) => (await mistakesOf('nodeOffline', { ...OUT, ...input }))[0];
  expect(await refused({ hosts: HOSTS, maxUnavailable: 3 })).toMatchObject({ code: 'nobodyServing' });
  expect(await refused({ hosts: ['n1', 'n2'] })).toMatchObject({
    code: 'tooManyOut',
    path: 'maxUnavailable',
  });
  expect(await refused({ hosts: ['n9'] })).toMatchObject({ code: 'unknownName', path: 'hosts.0' });
  expect(
    (await mistakesOf('nodeOnline', { hosts: ['n3'], ramp: [{ percent: 50, seconds: 1 }] }))[0],
  ).toMatchObject({
    code: 'incomplete',
  });
  await expectAllIn(ground);
});

it('a host goes out while an 8 s download and a sticky client are under way, and both lose nothing', async () => {
  await stickToHosts();
  const stop = sticky('n3');
  const { result, requests } = await underLoad(
    ground,
    async () => {
      await untilBusy(ground, 'n3');
      const end = await offline({ hosts: ['n3'] });
      expect([end.end, await listens('n3')]).toEqual(['succeeded', false]);
      return end;
    },
    { slow: { everyMs: 200 } },
  );
  const clients = await stop();
  expect([requests.failures, clients.failed]).toEqual([[], 0]);
  expect([requests.slow.ok > 10, clients.there > 50, clients.sent > clients.there]).toEqual([
    true,
    true,
    true,
  ]);
  expect(result.message).toBe('n3 of web is out of service: a new disk');
  expect((await ground.servers())['n3']).toMatch(/^MAINT/);
  expect(await ground.inside('n3', 'systemctl', 'show', '-p', 'ActiveState', '--value', 'web')).toBe(
    'inactive',
  );
});

it('it stays out, is known to be out, and gets no request', async () => {
  // for its count: not what Pawl would do
  await ground.inside('n3', 'systemctl', 'start', 'web');
  const before = await answered('n3');
  await underLoad(ground, () => delay(2_000));
  expect((await answered('n3')) - before).toBe(0);
  await ground.inside('n3', 'systemctl', 'stop', 'web');
  const again = await offline({ hosts: ['n3'] });
  expect([again.end, again.message]).toEqual(['succeeded', expect.stringContaining('nothing to do')]);
  const version = '1.1.0';
  const artifact = await makeRelease({ version });
  const [upgrade] = await mistakesOf('rollingUpgrade', { version, artifact, hosts: ['n3'], soakSeconds: 0 });
  expect(upgrade!.rule).toMatch(
    /^n3 is out of service since .* UTC: a new disk \(anna\); bring it back with nodeOnline/,
  );
  // the lease has nothing to warn of
  const { report } = await ended(await ground.startAs('nodeOnline', { hosts: ['n3'], dryRun: true }));
  expect(report.notes.filter((note) => / left: /.test(note))).toEqual([]);
});

it('it comes back weight after weight, with the share of requests that its weight says', async () => {
  const load = await startLoad({ url: `http://${ground.address('lb1')}/`, rate: busy(400) });
  try {
    const run = await online({ ramp: RAMP, ...NO_GATE });
    for (const share of await sharesOnTheWay(run, 'n3', [load])) expectShare(share, 200);
    const { end, message, report } = await ended(run);
    expect([end, message]).toEqual(['succeeded', 'n3 of web serves with its full weight']);
    // true when it was planned, and no more
    expect(report.notes.filter((note) => note.includes('out of service'))).toEqual([]);
  } finally {
    expect((await load.stop()).failures).toEqual([]);
  }
  await expectAllIn(ground);
});

it('one that is worse than its peers goes back a step, and then out', async () => {
  const version = '2.0.0-bad';
  await offline({ hosts: ['n3'] });
  const { file } = await makeRelease({ version, behaviour: { errorShare: 0.5 } });
  await installByHand(file, version);
  const refused = await mistakesOf('nodeOnline', { hosts: ['n3'] });
  expect(refused[0]).toMatchObject({ code: 'otherVersion', value: version });
  const { result } = await underLoad(ground, async () =>
    ended(await online({ ramp: RAMP, otherVersion: true, gate: GATE })),
  );
  expect([result.end, result.message]).toEqual([
    'RolledBack',
    expect.stringMatching(
      /^n3 is worse than its peers: gate of n3 at 10 %: errors: .*; everything is as it was$/,
    ),
  ]);
  expect(result.report.notes.join('\n')).toContain('n3 went back one step');
  expect((await ground.servers())['n3']).toMatch(/^MAINT/);
  expect(await listens('n3')).toBe(false);
  await installByHand('', '1.0.0');
});

it('a connection that never ends is cut where that was chosen, and said', async () => {
  await ended(await online({ ramp: [{ percent: 100, seconds: 0 }], ...NO_GATE }));
  await ground.inside('n3', 'sh', '-c', STOPS_FAST);
  const held = new Promise<string>((resolve) => {
    const options = { headers: { cookie: 'SRV=n3' } };
    http
      .get(`http://${ground.address('lb1')}/slow?ms=600000`, options, (answer) =>
        resolve(`${answer.statusCode}`),
      )
      .on('error', ({ message }) => resolve(message));
  });
  while (!(await ground.sessions('n3'))) await delay(50);
  const gaveUp = await offline({ hosts: ['n3'], drain: { deadlineSeconds: 1, onDeadline: 'putBack' } });
  expect([gaveUp.end, gaveUp.message]).toEqual([
    'RolledBack',
    expect.stringContaining('still has 1 sessions'),
  ]);
  await expectAllIn(ground);
  const cut = await offline({ hosts: ['n3'], drain: { deadlineSeconds: 1, onDeadline: 'force' } });
  expect([cut.end, cut.report.notes.join('\n')]).toEqual([
    'succeeded',
    expect.stringContaining('n3 went out with 1 sessions that had outlived 1 s of draining'),
  ]);
  expect(await held).not.toBe('200');
});

it('a stranger on the port is named', async () => {
  await ended(await online({ ramp: [{ percent: 100, seconds: 0 }], ...NO_GATE }));
  await ground.inside('n3', 'sh', '-c', STRANGER);
  const { end, message } = await offline({ hosts: ['n3'] });
  await ground.inside('n3', 'systemctl', 'stop', 'stranger');
  expect(message).toMatch(/n3: after the stop python3 \(process \d+\) listens on port 8080/);
  expect(end).toBe('RolledBack');
  await expectAllIn(ground);
});

describe('a spare host', () => {
  const REPLACE = { mode: 'planned', old: 'n3', new: 's1', reason: 'old hardware', by: 'anna', ...NO_GATE };
  const FAST = { ramp: RAMP.map(({ percent }) => ({ percent, seconds: 0 })), watchSeconds: 1 };

  it('needs a server in the balancer, and the same release as the one that it replaces', async () => {
    const [missing] = await mistakesOf('nodeReplacement', REPLACE);
    expect(missing).toMatchObject({ code: 'noServer', path: 'hosts.s1' });
    const [line] = /server s1 .* disabled/.exec(missing!.rule)!;
    await addToBackend(line.replace(' s1:', ` ${ground.address('s1')}:`));
    // n3 has a drop-in of an earlier test, too
    await ground.inside('s1', 'touch', '/opt/web/current/extra');
    const mistakes = await mistakesOf('nodeReplacement', REPLACE);
    const notEqual = (value: string) => ({ code: 'notEqual', path: 'hosts.s1', value });
    expect(mistakes).toMatchObject([notEqual('release'), notEqual('unit file')]);
    await ground.inside('s1', 'rm', '/opt/web/current/extra');
    await ground.inside('n3', 'rm', '-r', '/run/systemd/system/web.service.d');
    await ground.inside('n3', 'systemctl', 'daemon-reload');
  });

  it('takes the place of a host under load', async () => {
    const { result, requests } = await underLoad(ground, async () =>
      ended(await ground.startAs('nodeReplacement', { ...REPLACE, ...FAST })),
    );
    expect([result.end, result.message]).toEqual(['succeeded', 's1 of web serves in the place of n3']);
    expect([requests.failures, requests.byHost['s1']!.ok > 0]).toEqual([[], true]);
    const { n3, s1 } = await ground.servers();
    expect([n3, s1, await listens('n3')]).toEqual([expect.stringMatching(/^MAINT/), 'UP', false]);
  });

  it('in an emergency a dead host is out at once, unless too few would be left', async () => {
    const emergency = { mode: 'emergency', host: 'n2', reason: 'it hangs', by: 'the watch' };
    await freeze(ground.name, 'n2');
    try {
      const [tooFew] = await mistakesOf('nodeReplacement', { ...emergency, minServing: 2 });
      expect(tooFew).toMatchObject({ code: 'tooFewServing', path: 'minServing' });
      const begun = Date.now();
      const { end, message } = await ended(await ground.startAs('nodeReplacement', emergency));
      expect([end, message]).toEqual(['succeeded', 'n2 of web is out of rotation: it hangs']);
      expect(Date.now() - begun).toBeLessThan(10_000);
      expect((await ground.servers())['n2']).toMatch(/^MAINT/);
    } finally {
      await thaw(ground.name, 'n2');
    }
    // its service runs on until somebody wants it stopped
    expect(await listens('n2')).toBe(true);
    const { end } = await offline({ hosts: ['n2'], maxUnavailable: 2 });
    expect([end, await listens('n2')]).toEqual(['succeeded', false]);
  });
});

async function addToBackend(line: string): Promise<void> {
  const edit = `/^backend web$/,/^backend webdeb$/ s/^    server n1 .*/&\\n    ${line}/`;
  await ground.inside('lb1', 'sed', '-i', edit, '/etc/haproxy/haproxy.cfg');
  await ground.inside('lb1', 'systemctl', 'restart', 'haproxy');
  await delay(1_500);
}

/** The service's own limit is longer than a test wants to wait. */
const STOPS_FAST = `mkdir -p /run/systemd/system/web.service.d
  printf '[Service]\\nTimeoutStopSec=1\\n' >/run/systemd/system/web.service.d/fast.conf
  systemctl daemon-reload`;
/** Beside the service, on another address of its port. */
const STRANGER = `systemd-run -q --unit=stranger python3 -c '
import socket, time
one = socket.socket(socket.AF_INET6)
one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
one.bind(("::1", 8080))
one.listen()
time.sleep(600)'`;

/** Another release on n3, as somebody would do it while the host is out. */
async function installByHand(file: string, version: string): Promise<void> {
  if (file) {
    await copyFile(file, `${hostRoot(ground.name, 'n3')}/root/release.tar.gz`);
    await ground.inside('n3', 'mkdir', '-p', `/opt/web/releases/${version}`);
    await ground.inside('n3', 'tar', '-xzf', '/root/release.tar.gz', '-C', `/opt/web/releases/${version}`);
  }
  await ground.inside('n3', 'ln', '-sfn', `/opt/web/releases/${version}`, '/opt/web/current');
}
