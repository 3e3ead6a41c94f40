/** Prometheus over its HTTP API: instant queries only. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cluster, Latency } from '../../contracts/cluster';
import type { Histogram } from '../../contracts/gate';
import { PawlError } from '../../contracts/failures';
import type { Metrics } from '../../contracts/world';
import { ago, histogramOf, oneValue, samplesOf, type Sample } from './answers';
import { askJson } from './http';

/** Milliseconds after which the newest sample of a host is too old to say anything of now. */
const STALE = 120_000;

/** @param folder of the cluster file; paths in it begin there */
export function prometheus(cluster: Cluster, at: NonNullable<Cluster['metrics']>, folder: string): Metrics {
  return new Prometheus(cluster, at, folder);
}

class Prometheus implements Metrics {
  constructor(
    private readonly cluster: Cluster,
    private readonly at: NonNullable<Cluster['metrics']>,
    private readonly folder: string,
  ) {}

  async latency(
    series: Latency,
    hosts: string[],
    from: number,
    to: number,
    signal: AbortSignal,
  ): Promise<Histogram> {
    const seconds = Math.max(1, Math.round((to - from) / 1_000));
    const selector = `${series.histogram}_bucket{${this.matchers(series, hosts)}}`;
    const answer = await this.query(`sum by (le) (increase(${selector}[${seconds}s]))`, to, signal);
    return histogramOf(answer, series.unit === 'seconds' ? 1_000 : 1);
  }

  async reported(series: Latency, hosts: string[], now: number, signal: AbortSignal): Promise<void> {
    const selector = `${series.histogram}_count{${this.matchers(series, hosts)}}`;
    const newest = await this.query(`max by (${series.hostLabel}) (timestamp(${selector}))`, now, signal);
    for (const host of hosts) {
      const pattern = new RegExp(`^(${this.pattern([host])})$`);
      const found = newest.filter(({ labels }) => pattern.test(labels[series.hostLabel] ?? ''));
      if (found.length === 0) throw unavailable(`Prometheus has no response times of ${host} (${selector})`);
      const age = now - Math.max(...found.map(({ value }) => value)) * 1_000;
      if (age > STALE)
        throw unavailable(`the newest response times of ${host} in Prometheus are ${ago(age)} old`);
    }
  }

  async value(query: string, hosts: string[], signal: AbortSignal): Promise<number> {
    return oneValue(
      await this.query(query.replaceAll('{hosts}', quoted(this.pattern(hosts))), Date.now(), signal),
    );
  }

  private async query(query: string, at: number, signal: AbortSignal): Promise<Sample[]> {
    const url = new URL(`${this.at.url.replace(/\/$/, '')}/api/v1/query`);
    url.searchParams.set('query', query);
    url.searchParams.set('time', (at / 1_000).toFixed(3));
    url.searchParams.set('timeout', '4s');
    return samplesOf(await askJson({ url, headers: await this.headers() }, signal), at);
  }

  private async headers(): Promise<Record<string, string>> {
    const { bearer } = this.at;
    return bearer === undefined ? {} : { authorization: `Bearer ${await secret(bearer, this.folder)}` };
  }

  private matchers({ labels, hostLabel }: Latency, hosts: string[]): string {
    const own = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value)}"`);
    return [...own, `${hostLabel}=~"${quoted(this.pattern(hosts))}"`].join(',');
  }

  /** A host in its label: its name or its address, with a port or without. */
  private pattern(hosts: string[]): string {
    const names = hosts.flatMap((host) => [host, this.cluster.hosts[host]?.address ?? host]);
    const each = [...new Set(names)].map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return `(?:${each.join('|')})(?::[0-9]+)?`;
  }
}

/** In PromQL a backslash is written as two. */
const quoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** `env:NAME` or `file:PATH`; the value goes nowhere but into the request. */
async function secret(reference: string, folder: string): Promise<string> {
  const [kind, ...rest] = reference.split(':');
  const name = rest.join(':');
  const value =
    kind === 'env'
      ? process.env[name]
      : await readFile(resolve(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw unavailable(`the secret ${reference} cannot be read: ${error.code ?? 'unreadable'}`);
        });
  if (!value?.trim()) throw unavailable(`the secret ${reference} is empty or not set where the worker runs`);
  return value.trim();
}

const unavailable = (words: string) => new PawlError('MetricsUnavailable', words);
