import { stringify } from 'yaml';

/** A cluster file of hosts that run `web` behind one HAProxy. */
export function clusterFile(of: {
  name: string;
  /** of OpenSSH */
  config: string;
  /** hosts of the service */
  app: readonly string[];
  /** the balancer's host and its runtime socket there */
  balancer: { host: string; socket?: string };
  /** one for all, or each host its own */
  port: number;
}): string {
  const { balancer } = of;
  const { socket = '/run/haproxy/admin.sock' } = balancer;
  return stringify({
    cluster: of.name,
    ssh: { config: of.config },
    hosts: {
      ...Object.fromEntries(of.app.map((host) => [host, { roles: ['app'] }])),
      [balancer.host]: { roles: ['balancer'] },
    },
    balancers: { edge: { kind: 'haproxy', host: balancer.host, socket } },
    services: {
      web: {
        role: 'app',
        unit: 'web.service',
        port: of.port,
        release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
        health: { path: '/health' },
        version: { path: '/version' },
        routes: [{ balancer: 'edge', backend: 'web' }],
        // versions of a benchmark come and go by the dozen
        limits: { keepReleases: 2 },
      },
    },
  });
}
