import { stringify } from 'yaml';

/** A cluster file of hosts that run `web` behind one HAProxy. */
export function clusterFile(of: {
  name: string;
  /** `ssh` of the cluster file */
  ssh: object;
  /** hosts of the service, with where each one is, if ssh_config does not say it */
  app: Record<string, object>;
  /** the balancer's host, where it is, and its runtime socket there */
  balancer: { host: string; at?: object; socket?: string; backend?: string };
}): string {
  const { balancer } = of;
  const { socket = '/run/haproxy/admin.sock', backend = 'web' } = balancer;
  return stringify({
    cluster: of.name,
    ssh: of.ssh,
    hosts: {
      ...Object.fromEntries(Object.entries(of.app).map(([host, at]) => [host, { roles: ['app'], ...at }])),
      [balancer.host]: { roles: ['balancer'], ...balancer.at },
    },
    balancers: { edge: { kind: 'haproxy', host: balancer.host, socket } },
    services: {
      web: {
        role: 'app',
        unit: 'web.service',
        port: 8080,
        release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
        health: { path: '/health' },
        version: { path: '/version' },
        routes: [{ balancer: 'edge', backend }],
        // versions of a benchmark come and go by the dozen
        limits: { keepReleases: 2 },
      },
    },
  });
}
