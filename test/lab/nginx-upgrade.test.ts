/** A service that gets its requests through HAProxy and through nginx, upgraded under load through both. */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { startLoad } from '../../lab/load';
import { TASK_QUEUE } from '../../src/contracts/messages';
import type { Examination } from '../../src/contracts/examination';
import type { Mistake } from '../../src/contracts/failures';
import type { Status } from '../../src/contracts/status';
import { makeRelease } from '../../lab/service';
import { USUAL_RATE } from '../full';
import { longIt } from '../long';
import { Ground, ended, reached } from './ground';
import { answer, once, play, QUICK, type Scene } from './scene';
import { expectShare, RAMP, sharesOnTheWay } from './shares';

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.up('test-nginx', 2, { nginx: true });
}, 300_000);
afterAll(() => ground?.remove(), 60_000);
jest.setTimeout(120_000);

const FILE = '/etc/nginx/pawl/web.servers';
/** Shell text on nginx's host, as root. */
const there = (text: string) => ground.inside('lb2', 'sh', '-c', text);
/** It is started when systemd has seen that it is gone: as long as it counts as active, a start does nothing. */
const KILLED_AND_STARTED = `systemctl kill --signal=KILL nginx; while systemctl is-active --quiet nginx; do sleep 0.05; done
  until systemctl start nginx; do sleep 0.1; done`;
const servers = async () => (await there(`cat ${FILE}`)).split('\n');

/** Within 10 s. */
async function until(so: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await so()); await delay(50))
    if (Date.now() > end) throw new Error(`not so within 10 s: ${FILE} has\n${(await servers()).join('\n')}`);
}

/** An upgrade while clients come through nginx, too. */
async function upgrade(during: (scene: Scene) => Promise<unknown>, options: Parameters<typeof play>[2] = {}) {
  const url = `http://${ground.address('lb2')}/`;
  const through = await startLoad({ url, rate: 100 });
  try {
    const played = await play(ground, during, options);
    return { ...played, inner: await through.stop() };
  } finally {
    await through.stop();
  }
}

function expectLossless(done: Awaited<ReturnType<typeof upgrade>>) {
  expect([done.result.end, done.result.message]).toEqual([
    'succeeded',
    expect.stringContaining('on 2 hosts'),
  ]);
  for (const requests of [done.requests, done.inner]) {
    expect(requests.failures).toEqual([]);
    expect(requests.sent).toBeGreaterThan(200);
    expect(Object.keys(requests.byHost).sort()).toEqual(['n1', 'n2']);
  }
  expect(done.started).toEqual(once(done.version));
  expect(done.result.report.hosts.map(({ balancers }) => balancers['inner'])).toEqual([
    { state: 'in', weight: 100, sessions: expect.any(Number) as number },
    { state: 'in', weight: 100, sessions: expect.any(Number) as number },
  ]);
}

it('is well, by what doctor sees', async () => {
  const handle = await ground.client.workflow.start('doctor', {
    taskQueue: TASK_QUEUE,
    workflowId: 'doctor',
    args: [{ cluster: ground.cluster }],
  });
  const { findings, looked } = (await handle.result()) as Examination;
  expect(findings).toEqual([]);
  expect(looked).toContain('balancers inner: configuration, files of servers, what it serves, servers');
});

it('a host without a server is told the line of each balancer in its own language', async () => {
  const input = { mode: 'planned', old: 'n2', new: 'lb1', reason: 'old hardware', by: 'anna' };
  const { end, details } = await ended(await ground.startAs('nodeReplacement', input));
  const { mistakes } = details[0] as { mistakes: Mistake[] };
  expect(end).toBe('BadInput');
  const { rule } = mistakes.find(({ code }) => code === 'noServer')!;
  expect(rule).toContain('"server lb1 lb1:8080 check weight 100 disabled" in backend web at edge');
  expect(rule).toContain(`"server lb1:8080 weight=100 down; # lb1" in ${FILE} at inner`);
});

it('loses no request, and downloads of 8 s through nginx end before their host is stopped', async () => {
  const before = await servers();
  const seen = new Set<string>();
  let running = true;
  const sampling = (async () => {
    for (; running; await delay(200))
      seen.add((await servers()).map((line) => (/ down;/.test(line) ? 'out' : 'in')).join());
  })();
  // several at once, so that each host has one
  const downloads = Array.from({ length: 6 }, async () => {
    const answer = await fetch(`http://${ground.address('lb2')}/slow`);
    return [answer.status, answer.headers.get('x-host')].join(' ');
  });
  const done = await upgrade(({ is }) => is('n1', 'draining'));
  running = false;
  await sampling;
  expect([...new Set(await Promise.all(downloads))].sort()).toEqual(['200 n1', '200 n2']);
  expectLossless(done);
  expect([...seen].sort()).toEqual(['in,in', 'in,out', 'out,in']);
  expect(await servers()).toEqual(before);
});

it('reloads, a hand in its file and a SIGKILL bring no request to a host that is out', async () => {
  const done = await upgrade(
    async ({ is, begun }) => {
      await is('n1', 'draining');
      await there('systemctl reload nginx');
      await begun('n1');
      // n1 takes 4 s to start: a hand puts it back in, and nobody reloads
      await there(`sed -i 's/ down; # n1/; # n1/' ${FILE}`);
      const edited = Date.now();
      while (!(await servers()).some((line) => / down; # n1$/.test(line))) await delay(50);
      expect(Date.now() - edited).toBeLessThan(10_000);
      await there(KILLED_AND_STARTED);
      await is('n2', 'done');
    },
    { slow: true },
  );
  // while there was no nginx nobody answered; one that sends a request to n1 answers 502
  const { failures } = done.inner;
  expect(failures.filter(({ kind }) => !['refused', 'reset'].includes(kind))).toEqual([]);
  expectLossless({ ...done, inner: { ...done.inner, failures: [] } });
});

longIt(
  'nginx killed while a host drains cuts what it has, and a hand that loads its edit while a service is stopped is undone',
  async () => {
    const answers: string[] = [];
    let loaded = { from: '', to: '' };
    const done = await upgrade(
      async ({ is, begun }) => {
        const downloads = Array.from({ length: 4 }, () =>
          fetch(`http://${ground.address('lb2')}/slow`)
            .then((answer) => answer.text())
            .then(
              () => 'whole',
              () => 'cut',
            ),
        );
        await is('n1', 'draining');
        await there(KILLED_AND_STARTED);
        answers.push(...(await Promise.all(downloads)));
        await begun('n1');
        // n1 takes 4 s to start: until the edit is undone nginx sends it requests, and nobody is there
        const from = new Date().toISOString();
        await there(`sed -i 's/ down; # n1/; # n1/' ${FILE} && systemctl reload nginx`);
        const edited = Date.now();
        await until(async () => (await servers()).some((line) => / down; # n1$/.test(line)));
        expect(Date.now() - edited).toBeLessThan(4_000);
        loaded = { from, to: new Date(Date.now() + 1_000).toISOString() };
        await is('n2', 'done');
      },
      { slow: true },
    );
    // the kill cut them; none was sent to a host that had been stopped meanwhile
    expect(new Set(answers)).toEqual(new Set(['cut']));
    const { failures } = done.inner;
    const elsewhere = failures.filter(({ sentAt }) => sentAt < loaded.from || sentAt > loaded.to);
    expect(elsewhere.filter(({ kind }) => !['refused', 'reset', 'cut'].includes(kind))).toEqual([]);
    expectLossless({ ...done, inner: { ...done.inner, failures: [] } });
  },
);

/** Versions that requests of one kind get at both balancers. */
async function versionsFor(headers: Record<string, string>): Promise<string[]> {
  const urls = ['lb1', 'lb2'].map((host) => `http://${ground.address(host)}/version`);
  const asked = Array.from({ length: 60 }, (_, index) => fetch(urls[index % 2]!, { headers }));
  const versions = (await Promise.all(asked)).map(async (answer) => (await answer.text()).trim());
  return [...new Set(await Promise.all(versions))];
}

it('is for test users only at first, at both balancers and through their reloads, and nobody is lost', async () => {
  const before = await versionsFor({});
  const batches = [{ to: 1, share: 0, soakSeconds: 3_600 }, '100%'];
  const done = await upgrade(
    async ({ handle, version }) => {
      await reached(handle, ({ phase }) => phase === 'soaking');
      const seen = async () => [
        await versionsFor({ 'X-Pawl-Tester': 'anna' }),
        await versionsFor({ cookie: 'a=1; pawl-tester=1' }),
        await versionsFor({}),
      ];
      const told = [[version], [version], before];
      expect(await seen()).toEqual(told);
      await ground.inside('lb1', 'systemctl', 'reload', 'haproxy');
      await there('systemctl reload nginx');
      expect(await seen()).toEqual(told);
      await answer(handle, 'promote');
    },
    { input: { testers: true, batches } },
  );
  expectLossless(done);
  expect(await ground.inside('lb1', 'cat', '/var/lib/pawl/testers/web.server')).toBe('');
  expect(await there('cat /etc/nginx/pawl/web.testers')).not.toContain('upstream');
});

longIt(
  'a host goes out and comes back weight after weight, with the share that its weight says at both',
  async () => {
    const NO_GATE = { gate: { enabled: false } };
    const before = await servers();
    const loads = await Promise.all(
      ['lb1', 'lb2'].map((host) => startLoad({ url: `http://${ground.address(host)}/`, rate: USUAL_RATE })),
    );
    try {
      const out = { hosts: ['n2'], reason: 'a new disk', by: 'anna' };
      expect(await ended(await ground.startAs('nodeOffline', out))).toMatchObject({ end: 'succeeded' });
      expect((await servers())[1]).toMatch(/ weight=100 down; # n2$/);
      // no change is at work any more: its service is stopped, so a request that came to it would fail
      await there(`systemctl reload nginx; sed -i 's/ down; # n2/; # n2/' ${FILE}`);
      await until(async () => / down; # n2$/.test((await servers())[1]!));

      const run = await ground.startAs('nodeOnline', { hosts: ['n2'], ramp: RAMP, ...NO_GATE });
      for (const share of await sharesOnTheWay(run, 'n2', loads)) expectShare(share, 100);
      for (const load of loads) expect((await load.snapshot()).failures).toEqual([]);
      // dead when the last weight is due: it is set as soon as there is an nginx again
      await there('systemctl kill --signal=KILL nginx');
      await delay(2_000);
      await there('until systemctl start nginx; do sleep 0.1; done');
      const { end, message, report } = await ended(run);
      expect([end, message]).toEqual(['succeeded', 'n2 of web serves with its full weight']);
      expect(report.hosts[0]!.balancers['inner']).toMatchObject({ state: 'in', weight: 100 });
      expect(await servers()).toEqual(before);
    } finally {
      const [edge, inner] = await Promise.all(loads.map((load) => load.stop()));
      expect(edge!.failures).toEqual([]);
      expect(inner!.failures.filter(({ kind }) => !['refused', 'reset', 'cut'].includes(kind))).toEqual([]);
    }
  },
);

it('alone counts no requests: the plan says so, and the gate goes by own probes', async () => {
  const file = parse(await readFile(ground.cluster, 'utf8')) as {
    services: Record<string, { routes: { balancer: string }[] }>;
  };
  const { web } = file.services;
  web!.routes = web!.routes.filter(({ balancer }) => balancer === 'inner');
  const cluster = ground.cluster.replace('.yaml', '-inner.yaml');
  await writeFile(cluster, stringify(file));
  const version = '5.0.0';
  const load = await startLoad({ url: `http://${ground.address('lb2')}/`, rate: 100 });
  const handle = await ground.start({
    ...QUICK,
    cluster,
    version,
    artifact: await makeRelease({ version }),
    // few probes prove so much, and a busy machine is slow
    gate: {
      availabilityPercent: 95,
      errorRatePercent: 5,
      p95ToleranceMs: 5_000,
      cpuPercent: 100,
      hostCpuPercent: 100,
      hostMemoryPercent: 100,
    },
  });
  const { end, message, report } = await ended(handle);
  const { failures } = await load.stop();
  const { notes } = await handle.query<Status>('status');
  expect([end, message, failures]).toEqual(['succeeded', expect.any(String), []]);
  expect(notes).toContain(
    'inner cannot count requests: the gate judges availability and errors by own probes',
  );
  expect(report.gates?.at(-1)?.text).toMatch(
    /: 0 of \d+ own probes .*errors: 0 of \d+ answers to own probes/,
  );
});
