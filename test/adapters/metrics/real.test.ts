/** A real Prometheus: with a week behind it, with a service that it scrapes, and killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { usualByServer } from '../../../src/activities/gate/metrics';
import type { World } from '../../../src/activities/world';
import { openMetrics } from '../../../src/adapters/metrics';
import { Cluster, Latency } from '../../../src/contracts/cluster';
import type { Metrics } from '../../../src/contracts/world';
import { percentile } from '../../../src/domain/histogram';
import { run } from '../../../lab/hosts/command';
import { freePort } from '../haproxy/real-haproxy';
import { metricsPrograms } from '../../../lab/metrics-programs';

const signal = new AbortController().signal;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const past = Latency.parse({ histogram: 'past_seconds', hostLabel: 'host' });
const live = Latency.parse({ histogram: 'live_milliseconds', unit: 'milliseconds', labels: { job: 'live' } });

let folder: string;
let service: Server;
let prometheus: ChildProcess;
let metrics: Metrics;
/** of the service that is scraped */
const answers = { fast: 0, slow: 0 };
const began = Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  const programs = await metricsPrograms();
  folder = await mkdtemp(join(tmpdir(), 'pawl-prometheus-'));
  const data = join(folder, 'data');
  await writeFile(join(folder, 'past.om'), openMetricsOfAWeek());
  await run(programs.promtool, ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'past.om'), data]);
  service = createServer((_, answer) => void answer.end(liveText())).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: live
    static_configs: [{ targets: ['localhost:${port}'] }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const options = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=30d',
    `--web.listen-address=${address}`,
  ];
  prometheus = spawn(programs.prometheus, options, { stdio: 'ignore' });
  const cluster = Cluster.parse({
    cluster: 'test',
    hosts: { n1: { roles: ['app'] }, localhost: { roles: ['app'] } },
    balancers: {},
    services: {},
    metrics: { url: `http://${address}` },
  });
  metrics = openMetrics(cluster, folder)!;
  await until(() => metrics.value('max(up)', [], signal).then((up) => up === 1));
}, 120_000);

afterAll(async () => {
  prometheus?.kill('SIGKILL');
  service?.closeAllConnections();
  service?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** For seven days, one answer a second at n1: 50 ms on most days, 400 ms on the day before yesterday. */
function openMetricsOfAWeek(): string {
  const buckets = { '0.1': [] as string[], '0.5': [] as string[], '+Inf': [] as string[] };
  const counts: string[] = [];
  let fast = 0;
  let all = 0;
  for (let at = began - 7 * DAY - HOUR; at < began - HOUR; at += 60) {
    const slow = Math.floor((began - at) / DAY + 0.5) === 2;
    all += 60;
    if (!slow) fast += 60;
    buckets['0.1'].push(`past_seconds_bucket{host="n1",le="0.1"} ${fast} ${at}`);
    buckets['0.5'].push(`past_seconds_bucket{host="n1",le="0.5"} ${all} ${at}`);
    buckets['+Inf'].push(`past_seconds_bucket{host="n1",le="+Inf"} ${all} ${at}`);
    counts.push(`past_seconds_count{host="n1"} ${all} ${at}`);
  }
  const lines = [...Object.values(buckets).flat(), ...counts];
  return `# TYPE past_seconds histogram\n${lines.join('\n')}\n# EOF\n`;
}

function liveText(): string {
  const { fast, slow } = answers;
  const line = (le: string, count: number) => `live_milliseconds_bucket{le="${le}"} ${count}\n`;
  return `# TYPE live_milliseconds histogram
${line('10', fast)}${line('100', fast + slow)}${line('+Inf', fast + slow)}live_milliseconds_sum 1
live_milliseconds_count ${fast + slow}
`;
}

async function until(test: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await delay(100))
    if (await test().catch(() => false)) return;
  throw new Error('it did not happen within 30 s');
}

it('knows what is usual at this hour, whatever one bad day was like', async () => {
  const n1 = [{ name: 'n1', places: [] }];
  const usual = await usualByServer({ metrics } as World, past, n1, 0.95, began * 1_000, signal);
  expect(usual.from).toBe('at this hour on 7 of the past 7 days');
  // within a bucket nobody knows: the 95th of a hundred equal parts
  expect(usual.p95Ms).toBeCloseTo(95, 0);
});

it('takes the time before the change where it knows nothing of other days', async () => {
  const n1 = [{ name: 'n1', places: [] }];
  const change = (began - 6 * DAY - 23 * HOUR) * 1_000;
  const usual = await usualByServer({ metrics } as World, past, n1, 0.95, change - 8 * HOUR * 1_000, signal);
  expect(usual).toMatchObject({ p95Ms: null });
  const known = await usualByServer({ metrics } as World, past, n1, 0.95, change, signal);
  expect(known.from).toBe('in the 10 minutes before the change');
});

it('sees what answers take now, and that they are reported', async () => {
  const from = Date.now();
  answers.fast += 900;
  await delay(600);
  answers.fast += 900;
  answers.slow += 200;
  await until(async () => {
    const { samples } = await metrics.latency(live, ['localhost'], from - 2_000, Date.now(), signal);
    return samples > 1_900;
  });
  const seen = await metrics.latency(live, ['localhost'], from - 2_000, Date.now(), signal);
  expect(percentile(seen, 0.5)).toBeLessThan(10);
  expect(percentile(seen, 0.95)).toBeGreaterThan(10);
  await metrics.reported(live, ['localhost'], Date.now(), signal);
  await expect(metrics.reported(live, ['n1'], Date.now(), signal)).rejects.toMatchObject({
    type: 'MetricsUnavailable',
  });
});

it.each([
  ['two series', 'vector(1) or label_replace(vector(2), "a", "b", "", "")'],
  ['nothing', 'no_such_metric'],
  ['NaN', 'vector(0) / 0'],
  ['a matrix', 'up[1m]'],
  ['a string', '"hello"'],
  ['nonsense', 'sum(('],
])('its %s is no number', async (_, query) => {
  await expect(metrics.value(query, [], signal)).rejects.toMatchObject({ type: 'MetricsUnavailable' });
});

it('gives no answer when it is killed', async () => {
  prometheus.kill('SIGKILL');
  await once(prometheus, 'exit');
  await expect(metrics.value('up', [], signal)).rejects.toMatchObject({
    type: 'MetricsUnavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
