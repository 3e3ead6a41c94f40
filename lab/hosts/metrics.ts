/** A Prometheus for a lab, where one is asked for: on the balancer's host, with node exporter on every host. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabError } from '../error';
import { metricsPrograms } from '../metrics-programs';
import { exec } from './inside';
import { stateOf } from './state';
import { hostRoot, type LabHost } from './topology';
import { until } from './wait';

const PORT = 9090;
const START_SECONDS = 30;

/** Starts what does not run yet; gone with the lab. */
export async function startMetrics(lab: string): Promise<{ url: string }> {
  const programs = await metricsPrograms();
  const { hosts } = await stateOf(lab);
  await Promise.all(
    hosts.map(async ({ name }) => {
      await put(lab, name, 'usr/bin/prometheus-node-exporter', programs.nodeExporter);
      await service(
        lab,
        name,
        'prometheus-node-exporter',
        '/usr/bin/prometheus-node-exporter --web.listen-address=:9100',
      );
    }),
  );
  const balancer = hosts.find(({ role }) => role === 'balancer');
  if (!balancer) throw new LabError(`lab ${lab} has no host for Prometheus`);
  await put(lab, balancer.name, 'usr/bin/prometheus', programs.prometheus);
  await write(lab, balancer.name, 'etc/prometheus.yml', config(hosts));
  const options = [
    '--config.file=/etc/prometheus.yml',
    '--storage.tsdb.path=/var/lib/prometheus',
    `--web.listen-address=:${PORT}`,
  ];
  await service(lab, balancer.name, 'prometheus', `/usr/bin/prometheus ${options.join(' ')}`);
  const url = `http://${balancer.address}:${PORT}`;
  await until(
    'Prometheus is ready',
    START_SECONDS,
    async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok || undefined,
  );
  return { url };
}

/** Each second, so that tests have samples soon. */
function config(hosts: LabHost[]): string {
  const job = (name: string, of: LabHost[], port: number) =>
    `  - job_name: ${name}\n    static_configs:\n      - targets: [${of.map((host) => `'${host.name}:${port}'`).join(', ')}]\n`;
  const app = hosts.filter(({ role }) => role === 'app');
  const balancers = hosts.filter(({ role }) => role === 'balancer');
  return `global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
${job('web', app, 8080)}${job('node', hosts, 9100)}${job('haproxy', balancers, 8405)}`;
}

async function put(lab: string, host: string, path: string, source: string): Promise<void> {
  const target = join(hostRoot(lab, host), path);
  if (!existsSync(target)) await copyFile(source, target);
}

async function write(lab: string, host: string, path: string, text: string): Promise<void> {
  const target = join(hostRoot(lab, host), path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
}

async function service(lab: string, host: string, name: string, command: string): Promise<void> {
  const unit = `[Service]
ExecStart=${command}
DynamicUser=yes
StateDirectory=prometheus
`;
  await write(lab, host, `etc/systemd/system/${name}.service`, unit);
  const { code, stderr } = await exec(lab, host, [
    'sh',
    '-c',
    `systemctl daemon-reload && systemctl restart ${name}`,
  ]);
  if (code !== 0) throw new LabError(`${name} on ${host} did not start: ${stderr.trim()}`);
}
