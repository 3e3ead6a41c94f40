import { z } from 'zod';

/** Host, balancer and service names: what is safe in file names, units, ids and balancer commands. */
export const Name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i, 'letters, digits, dot, dash, underscore; at most 63');

const AbsolutePath = z
  .string()
  .regex(/^(\/[A-Za-z0-9._@:+-]+)+$/, 'an absolute path without spaces or shell characters')
  .refine((path) => !path.split('/').includes('..'), 'no ".." in a path');

const UrlPath = z.string().regex(/^\/[\w\-./~%?&=]*$/, 'a path such as /health');
const Port = z.number().int().min(1).max(65_535);

/** How hosts are reached. `config`, `knownHosts` and `identityFile` are relative to the cluster file. */
export const Ssh = z.strictObject({
  /** an OpenSSH client configuration; HostName, Port, User, IdentityFile, ProxyJump, UserKnownHostsFile are read */
  config: z.string().optional(),
  knownHosts: z.string().optional(),
  identityFile: z.string().optional(),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/)
    .optional(),
  /** run commands through `sudo -n` */
  sudo: z.boolean().default(false),
  /** use the agent at SSH_AUTH_SOCK */
  agent: z.boolean().default(false),
});
export type Ssh = z.output<typeof Ssh>;

export const Host = z.strictObject({
  roles: z.array(Name).min(1),
  /** name or address; default: what ssh_config says, else the host's name */
  address: z.string().min(1).optional(),
  port: Port.optional(),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]*$/)
    .optional(),
  /** `ssh-ed25519 AAAA…`; otherwise the key must stand in known_hosts */
  hostKey: z
    .string()
    .regex(/^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*$/)
    .optional(),
  proxyJump: Name.optional(),
});
export type Host = z.output<typeof Host>;

export const Balancer = z.strictObject({
  kind: z.literal('haproxy'),
  /** the host it runs on */
  host: Name,
  /** its runtime socket there, level admin */
  socket: AbsolutePath.default('/run/haproxy/admin.sock'),
});
export type Balancer = z.output<typeof Balancer>;

/** Where a service stands in a balancer. */
export const Route = z.strictObject({
  balancer: Name,
  backend: Name,
  /** host → server name; a host that is not listed has a server of its own name */
  servers: z.record(Name, Name).default({}),
});
export type Route = z.output<typeof Route>;

/** How a release lies on a host. */
export const ReleaseLayout = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('tarball'),
    /** one folder per version lies here */
    releases: AbsolutePath,
    /** the symlink that the unit starts from */
    current: AbsolutePath,
  }),
  z.strictObject({ kind: z.literal('deb'), package: Name }),
]);
export type ReleaseLayout = z.output<typeof ReleaseLayout>;

const Seconds = (max: number) => z.number().int().min(1).max(max);

export const Service = z.strictObject({
  /** the service runs on all hosts of this role */
  role: Name,
  unit: z.string().regex(/^[A-Za-z0-9:_.@-]{1,200}\.service$/, 'a unit name such as web.service'),
  /** where the service listens on its host */
  port: Port,
  release: ReleaseLayout,
  /** must answer 200 for the host to count as healthy */
  health: z.strictObject({ path: UrlPath, timeoutSeconds: Seconds(60).default(2) }),
  /** the body at this path must contain the version as a whole word */
  version: z.strictObject({ path: UrlPath }).optional(),
  routes: z.array(Route).min(1),
  limits: z
    .strictObject({
      /** stop + switch + start on the host */
      switchSeconds: Seconds(3600).default(120),
      /** from started to healthy, and from put back to exactly up on every balancer */
      healthySeconds: Seconds(3600).default(60),
      /** space that must stay free on the host after staging, MiB */
      freeMiB: z.number().int().min(0).default(64),
    })
    .prefault({}),
});
export type Service = z.output<typeof Service>;

/** The cluster file. Names inside it are checked against each other by the loader. */
export const Cluster = z.strictObject({
  cluster: Name,
  ssh: Ssh.prefault({}),
  hosts: z.record(Name, Host),
  balancers: z.record(Name, Balancer),
  services: z.record(Name, Service),
  artifacts: z
    .strictObject({
      /** artifacts may be fetched from URLs with these beginnings only */
      allowedUrls: z
        .array(z.string().regex(/^https?:\/\/[^/]+\//, 'an http(s) URL up to a slash'))
        .default([]),
    })
    .prefault({}),
});
export type Cluster = z.output<typeof Cluster>;
