/** The cluster file. The descriptions become the published JSON Schema: editors show them. */
import { z } from 'zod';
import { Backups } from './backups';
import { ConfigCentre } from './config-centre';
import { Command } from './inputs/common';
import { Entry, MaintenanceSettings } from './maintenance';
import { AbsolutePath, LocalPath, Name, UnitName } from './names';
import { Notifications } from './notifications';
import { Testers } from './testers';

const Address = z
  .string()
  .regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]{0,252}$/, 'a host name or an IP address without a port');

const User = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'an account name');
const UrlPath = z.string().regex(/^\/[\w\-./~%?&=]*$/, 'a path such as /health');
const Port = z.number().int().min(1).max(65_535);
const Seconds = (max: number) => z.number().int().min(1).max(max);

export const Ssh = z
  .strictObject({
    config: LocalPath.optional().describe(
      'An OpenSSH client configuration; HostName, Port, User, IdentityFile, ProxyJump and UserKnownHostsFile are read.',
    ),
    knownHosts: LocalPath.optional().describe('A known_hosts file with the keys of the hosts.'),
    identityFile: LocalPath.optional().describe('The private key to log in with.'),
    user: User.optional().describe('The account to log in as.'),
    sudo: z.boolean().default(false).describe('Run commands through `sudo -n`.'),
    agent: z.boolean().default(false).describe('Use the agent at SSH_AUTH_SOCK.'),
  })
  .describe('How hosts are reached. Paths are relative to this file.');
export type Ssh = z.output<typeof Ssh>;

export const Host = z.strictObject({
  roles: z.array(Name).min(1).describe('What the host is for; services name one of these.'),
  address: Address.optional().describe(
    'Name or address; default: what ssh.config says, else the name of the host.',
  ),
  port: Port.optional().describe('Of its SSH server; default: what ssh.config says, else 22.'),
  user: User.optional(),
  hostKey: z
    .string()
    .regex(/^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*$/, 'a public key such as "ssh-ed25519 AAAA…"')
    .optional()
    .describe('`ssh-ed25519 AAAA…`; otherwise the key must stand in known_hosts.'),
  proxyJump: Name.optional().describe('The host to go through.'),
});
export type Host = z.output<typeof Host>;

const BalancerHost = Name.describe('The host it runs on.');

export const Balancer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('haproxy'),
    host: BalancerHost,
    socket: AbsolutePath.default('/run/haproxy/admin.sock').describe(
      'Its runtime socket there, level admin.',
    ),
    stateFile: AbsolutePath.optional().describe(
      'The `server-state-file` of its configuration: Pawl writes there which servers are out, so that a reload or a restart does not put them back for a moment.',
    ),
  }),
  z.strictObject({
    kind: z.literal('nginx'),
    host: BalancerHost,
    folder: AbsolutePath.default('/etc/nginx/pawl').describe(
      'Where the files with the servers of its upstreams lie, UPSTREAM.servers.',
    ),
    config: AbsolutePath.default('/etc/nginx/nginx.conf').describe('The configuration it is started with.'),
    port: Port.default(8979).describe('On 127.0.0.1 there, where it says what it serves.'),
  }),
]);
export type Balancer = z.output<typeof Balancer>;

export const Route = z
  .strictObject({
    balancer: Name,
    backend: Name,
    servers: z
      .record(Name, Name)
      .default({})
      .describe('Host to server name; a host that is not listed has a server of its own name.'),
    entry: Entry.optional(),
  })
  .describe('Where a service stands in a balancer.');
export type Route = z.output<typeof Route>;

export const ReleaseLayout = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('tarball'),
      releases: AbsolutePath.describe('One folder per version lies here.'),
      current: AbsolutePath.describe('The symlink that the unit starts from.'),
    }),
    z.strictObject({ kind: z.literal('deb'), package: Name }),
  ])
  .describe('How a release lies on a host.');
export type ReleaseLayout = z.output<typeof ReleaseLayout>;

const PromName = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/, 'a name as Prometheus has them');
const LabelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'a label name as Prometheus has them');

export const Latency = z.strictObject({
  histogram: PromName.describe('Name of the histogram, without `_bucket`.'),
  unit: z.enum(['seconds', 'milliseconds']).default('seconds').describe('Of its buckets.'),
  labels: z
    .record(LabelName, z.string().max(200))
    .default({})
    .describe('What its series have in common, such as `job: web`.'),
  hostLabel: LabelName.default('instance').describe(
    'The label that names the host: its name or address in this file, with a port or without.',
  ),
});
export type Latency = z.output<typeof Latency>;

export const OwnMetric = z
  .strictObject({
    name: Name,
    query: z
      .string()
      .min(1)
      .max(2_000)
      .describe('PromQL that gives one number; `{hosts}` stands for a pattern of the changed hosts.'),
    atMost: z.number().optional(),
    atLeast: z.number().optional(),
  })
  .refine(
    ({ atMost, atLeast }) => atMost !== undefined || atLeast !== undefined,
    'needs atMost, atLeast, or both',
  )
  .describe('A query of your own that a gate judges.');
export type OwnMetric = z.output<typeof OwnMetric>;

export const ServiceMetrics = z.strictObject({
  latency: Latency.optional().describe('Where P95 comes from; without it, from own probes.'),
  own: z.array(OwnMetric).max(20).default([]),
});

export const MetricsServer = z
  .strictObject({
    kind: z.literal('prometheus').default('prometheus'),
    url: z
      .string()
      .regex(
        /^https?:\/\/[^/@\s?#]+(\/[^\s?#]*)?$/,
        'an http(s) URL without a password, a query or a fragment',
      )
      .refine((url) => !/^https?:\/\/(169\.254\.|\[fe[89ab])/i.test(url), 'no link-local address')
      .describe('Where it answers, without `/api/v1`.'),
    bearer: z
      .string()
      .regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s]+)$/, 'a reference: env:NAME or file:PATH')
      .optional()
      .describe('Where the worker finds the token to show; never the token itself.'),
  })
  .describe('A Prometheus that the worker may ask.');

export const Capacity = z.strictObject({
  requestsPerSecond: z
    .number()
    .min(0.1)
    .max(1_000_000)
    .describe('What one host can carry, as it was measured.'),
  percent: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(80)
    .describe('How much of that it may get while others are out.'),
});
export type Capacity = z.output<typeof Capacity>;

export const Service = z.strictObject({
  role: Name.describe('The service runs on all hosts of this role.'),
  unit: UnitName.describe('Its systemd unit.'),
  port: Port.describe('Where the service listens on its host.'),
  release: ReleaseLayout,
  health: z
    .strictObject({
      path: UrlPath.optional().describe('Must answer 200.'),
      command: Command.optional().describe('Run there as root; must end with 0.'),
      timeoutSeconds: Seconds(60).default(2),
    })
    .refine(({ path, command }) => (path === undefined) !== (command === undefined), 'either path or command')
    .describe('What a host counts as healthy by.'),
  version: z
    .strictObject({ path: UrlPath })
    .optional()
    .describe('The body at this path must contain the version as a whole word.'),
  routes: z
    .array(Route)
    .describe(
      'Where balancers send it requests. With none, `[]`, its hosts are not drained: whoever is connected sees them change.',
    ),
  capacity: Capacity.optional().describe(
    'No host leaves while the others could not carry what comes then. Every balancer of the service must count requests.',
  ),
  metrics: ServiceMetrics.optional().describe('What a gate asks the metrics server about this service.'),
  maintenance: z
    .strictObject({
      flagFile: AbsolutePath.optional().describe(
        'Lies on every host of the service while it is closed, with the times as JSON, for the application to see.',
      ),
    })
    .optional(),
  testers: Testers.optional(),
  limits: z
    .strictObject({
      switchSeconds: Seconds(3600).default(120).describe('For stop, switch and start on the host.'),
      healthySeconds: Seconds(3600)
        .default(60)
        .describe('From started to healthy, and from put back to exactly up on every balancer.'),
      freeMiB: z
        .number()
        .int()
        .min(0)
        .default(64)
        .describe('Space that must stay free on the host after staging, MiB.'),
      keepReleases: z
        .number()
        .int()
        .min(2)
        .max(1_000)
        .default(5)
        .describe(
          'Releases that Pawl brought and that stay on a host, the running and the new one among them.',
        ),
    })
    .prefault({}),
});
export type Service = z.output<typeof Service>;

/** Names inside it are checked against each other by the loader. */
export const Cluster = z.strictObject({
  cluster: Name.describe('The name of the cluster, as lists and reports show it.'),
  ssh: Ssh.prefault({}),
  hosts: z
    .record(Name, Host)
    .refine((hosts) => Object.keys(hosts).length > 0, 'at least one host')
    .describe('All hosts by name.')
    .meta({ minProperties: 1 }),
  balancers: z.record(Name, Balancer).describe('Load balancers by name.'),
  services: z.record(Name, Service).describe('Services by name.'),
  metrics: MetricsServer.optional(),
  notifications: Notifications.optional(),
  maintenance: MaintenanceSettings.optional(),
  config: ConfigCentre.optional(),
  backups: Backups.optional(),
  artifacts: z
    .strictObject({
      allowedUrls: z
        .array(z.string().regex(/^https?:\/\/[^/@\s]+\//, 'an http(s) URL up to a slash, without a password'))
        .default([])
        .describe('Artifacts may be fetched from URLs with these beginnings only.'),
    })
    .prefault({}),
});
export type Cluster = z.output<typeof Cluster>;
