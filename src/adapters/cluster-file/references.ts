/** Names of a cluster file that must fit each other. */
import { z } from 'zod';
import type { Finding } from '../../domain/findings';
import { noSuchName } from '../../domain/nearest';

const text = z.string().optional().catch(undefined);
const mapOf = <T extends z.ZodType>(inner: T) => z.record(z.string(), inner).catch({});

/** Of a channel, what must fit something else. */
const ReadableChannel = z
  .object({
    kind: text,
    tls: text,
    user: text,
    password: text,
    services: z.array(z.string()).optional().catch(undefined),
  })
  .catch({});

/** What can be read of a file whatever else is wrong with it, so that all mistakes are told at once. */
const Readable = z.object({
  ssh: z.object({ config: text }).catch({}),
  hosts: mapOf(
    z
      .object({
        roles: z.array(z.string()).optional().catch(undefined),
        address: text,
        port: z.number().optional().catch(undefined),
        proxyJump: text,
      })
      .catch({}),
  ),
  balancers: mapOf(z.object({ kind: text, host: text, stateFile: text }).catch({})),
  metrics: z.unknown().optional(),
  notifications: z
    .object({ channels: mapOf(ReadableChannel) })
    .optional()
    .catch(undefined),
  config: z
    .object({
      rights: z
        .object({
          allowedSigners: text,
          rules: z.array(z.object({ signers: z.unknown().optional() }).catch({})).catch([]),
        })
        .optional()
        .catch(undefined),
      sync: mapOf(z.unknown()).optional(),
    })
    .optional()
    .catch(undefined),
  backups: z
    .object({
      store: z.object({ host: text }).catch({}),
      sources: mapOf(z.object({ role: text, host: text }).catch({})),
    })
    .optional()
    .catch(undefined),
  services: mapOf(
    z
      .object({
        role: text,
        capacity: z.unknown().optional(),
        health: z.object({ path: z.unknown().optional() }).optional().catch(undefined),
        metrics: z.unknown().optional(),
        routes: z
          .array(
            z.object({ balancer: text, backend: text, servers: mapOf(z.string()) }).catch({ servers: {} }),
          )
          .catch([]),
      })
      .catch({ routes: [] }),
  ),
});
type Readable = z.output<typeof Readable>;
type Service = Readable['services'][string];

/** @param value the file's content, right or wrong */
export function referenceFindings(value: unknown): Finding[] {
  const readable = Readable.safeParse(value);
  // without hosts nothing can be compared, and that is a mistake of its own
  if (!readable.success || Object.keys(readable.data.hosts).length === 0) return [];
  const file = readable.data;
  return [
    ...jumpFindings(file),
    ...addressFindings(file),
    ...Object.entries(file.balancers).flatMap(([name, { host }]) =>
      unknown(['balancers', name, 'host'], host, Object.keys(file.hosts)),
    ),
    ...stateFileFindings(file),
    ...Object.entries(file.services).flatMap(([name, service]) => serviceFindings(file, name, service)),
    ...channelFindings(file),
    ...configFindings(file),
    ...backupFindings(file),
  ];
}

/** Signers without keys, and releases for services that are not there. */
function configFindings({ config, services }: Readable): Finding[] {
  const { rights, sync = {} } = config ?? {};
  const known = Object.keys(services);
  const rule = 'needs keys of signers: name a file with them as `allowedSigners` of rights';
  const keyless = (rights?.rules ?? []).flatMap(({ signers }, index): Finding[] => {
    if (signers === undefined || rights?.allowedSigners !== undefined) return [];
    const path = ['config', 'rights', 'rules', String(index), 'signers'];
    return [{ code: 'incomplete', path, value: signers, rule }];
  });
  const strangers = Object.keys(sync).flatMap((name) =>
    unknown(['config', 'sync', name], name, known).map((finding) => ({ ...finding, atKey: true })),
  );
  return [...keyless, ...strangers];
}

/** Where backups are taken and kept. */
function backupFindings({ backups, hosts }: Readable): Finding[] {
  if (!backups) return [];
  const names = Object.keys(hosts);
  const roles = [...new Set(Object.values(hosts).flatMap((host) => host.roles ?? []))];
  return [
    ...unknown(['backups', 'store', 'host'], backups.store.host, names),
    ...Object.entries(backups.sources).flatMap(([name, { role, host }]) => {
      const path = ['backups', 'sources', name];
      return [
        ...unknown([...path, 'role'], role, roles, ' among the roles of the hosts'),
        ...unknown([...path, 'host'], host, names),
      ];
    }),
  ];
}

/** Whom channels are about, and logins that lack a half or would be read by others. */
function channelFindings({ notifications, services }: Readable): Finding[] {
  return Object.entries(notifications?.channels ?? {}).flatMap(([name, channel]): Finding[] => {
    const path = ['notifications', 'channels', name];
    const { kind, tls, user, password } = channel;
    const login: Finding[] =
      kind === 'mail' && (user === undefined) !== (password === undefined)
        ? [{ code: 'incomplete', path, value: user, rule: 'user and password go together' }]
        : [];
    const open: Finding[] =
      kind === 'mail' && tls === 'none' && password !== undefined
        ? [{ code: 'notSafe', path: [...path, 'tls'], value: tls, rule: 'no password without TLS' }]
        : [];
    const strangers = (channel.services ?? []).flatMap((service, index) =>
      unknown([...path, 'services', String(index)], service, Object.keys(services)),
    );
    return [...login, ...open, ...strangers];
  });
}

function jumpFindings({ hosts, ssh }: Readable): Finding[] {
  return Object.entries(hosts).flatMap(([name, { proxyJump }]) => {
    const path = ['hosts', name, 'proxyJump'];
    const way = [name];
    for (let next = proxyJump; next !== undefined; next = hosts[next]?.proxyJump) {
      const circle = way.indexOf(next);
      way.push(next);
      // told once, by the first host of the circle
      if (circle === 0 && way.slice(0, -1).every((host) => name <= host)) {
        return [
          { code: 'circular', path, value: proxyJump, rule: `the jumps go in a circle: ${way.join(' → ')}` },
        ];
      }
      if (circle >= 0) return [];
    }
    // ssh_config may know hosts that this file does not list
    if (ssh.config !== undefined) return [];
    return unknown(
      path,
      proxyJump,
      Object.keys(hosts),
      '; or name an OpenSSH configuration that knows it in ssh.config',
    );
  });
}

/** Each would read at its start what is wanted of the other's servers. */
function stateFileFindings({ balancers }: Readable): Finding[] {
  const places = Object.entries(balancers);
  return places.flatMap(([name, { host, stateFile }], index): Finding[] => {
    const first = places
      .slice(0, index)
      .find(([, other]) => other.host === host && other.stateFile === stateFile);
    if (stateFile === undefined || !first) return [];
    const rule = `is the file of ${first[0]} already`;
    return [{ code: 'twice', path: ['balancers', name, 'stateFile'], value: stateFile, rule }];
  });
}

/** Two names for one host: its services would be taken out twice, and counted twice. */
function addressFindings({ hosts }: Readable): Finding[] {
  const known = new Map<string, string>();
  return Object.entries(hosts).flatMap(([name, { address, port }]): Finding[] => {
    const place = `${(address ?? name).toLowerCase().replace(/\.$/, '')}:${port ?? 22}`;
    const first = known.get(place);
    if (first === undefined) {
      known.set(place, name);
      return [];
    }
    const path = ['hosts', name, ...(address === undefined ? [] : ['address'])];
    return [{ code: 'sameAddress', path, value: place, rule: `is the address of ${first} already` }];
  });
}

function serviceFindings(file: Readable, name: string, service: Service): Finding[] {
  const path = ['services', name];
  const rolesKnown = Object.values(file.hosts).every(({ roles }) => roles !== undefined);
  const roles = [...new Set(Object.values(file.hosts).flatMap((host) => host.roles ?? []))];
  const members = Object.keys(file.hosts).filter((host) =>
    file.hosts[host]?.roles?.includes(service.role ?? ''),
  );
  return [
    ...(service.metrics !== undefined && file.metrics === undefined
      ? [
          {
            code: 'noMetrics',
            path: [...path, 'metrics'],
            value: service.metrics,
            rule: 'needs a metrics server to ask: name one as `metrics` of this file',
          },
        ]
      : []),
    ...loadFindings(file, service, [...path, 'capacity']),
    ...(rolesKnown ? unknown([...path, 'role'], service.role, roles, ' among the roles of the hosts') : []),
    ...service.routes.flatMap((route, index) => {
      const at = [...path, 'routes', String(index)];
      const balancers = Object.keys(file.balancers);
      return [
        ...unknown([...at, 'balancer'], route.balancer, balancers),
        ...sameBackend(service, index, at),
        ...unaskable(file, service, index, at),
        ...(rolesKnown
          ? serverFindings(route.servers, members, Object.keys(file.hosts), [...at, 'servers'])
          : []),
      ];
    }),
  ];
}

/** Load that nobody counts could not be kept in its limits. */
function loadFindings({ balancers }: Readable, { capacity, routes }: Service, path: string[]): Finding[] {
  if (capacity === undefined) return [];
  if (routes.length === 0)
    return [
      { code: 'notCounted', path, value: capacity, rule: 'no balancer counts its requests: routes is empty' },
    ];
  const blind = routes.flatMap(({ balancer }) =>
    balancer !== undefined && balancers[balancer]?.kind === 'nginx' ? [balancer] : [],
  );
  const [first] = blind;
  if (first === undefined) return [];
  const rule = `${first} is an nginx and counts no requests, so nobody knows the load`;
  return [{ code: 'notCounted', path, value: capacity, rule }];
}

function sameBackend({ routes }: Service, index: number, path: string[]): Finding[] {
  const { balancer, backend } = routes[index]!;
  const first = routes.findIndex((route) => route.balancer === balancer && route.backend === backend);
  if (first === index || backend === undefined) return [];
  const rule = `route ${first} goes to ${balancer}/${backend} already`;
  return [{ code: 'twice', path: [...path, 'backend'], value: backend, rule }];
}

/** An nginx checks no server by itself: Pawl asks for it. */
function unaskable(
  { balancers }: Readable,
  { routes, health }: Service,
  index: number,
  path: string[],
): Finding[] {
  const { balancer = '' } = routes[index]!;
  if (balancers[balancer]?.kind !== 'nginx' || !health || health.path !== undefined) return [];
  const rule = `${balancer} is an nginx and checks no server by itself: health needs a path to ask at`;
  return [{ code: 'noPath', path: [...path, 'balancer'], value: balancer, rule }];
}

function serverFindings(
  servers: Record<string, string>,
  members: string[],
  hosts: string[],
  path: string[],
): Finding[] {
  const strangers = Object.keys(servers).flatMap((host): Finding[] => {
    if (members.includes(host) || (members.length === 0 && hosts.includes(host))) return [];
    const rule = hosts.includes(host)
      ? 'this host does not have the role of the service'
      : noSuchName(host, hosts);
    return [{ code: 'unknownName', path: [...path, host], value: host, rule, atKey: true }];
  });
  const taken = new Map<string, string>();
  const twice = members.flatMap((host): Finding[] => {
    const server = Object.hasOwn(servers, host) ? servers[host]! : host;
    const first = taken.get(server);
    taken.set(server, first ?? host);
    const rule = `is the server of ${first} already`;
    return first === undefined ? [] : [{ code: 'twice', path: [...path, host], value: server, rule }];
  });
  return [...strangers, ...twice];
}

function unknown(path: string[], name: string | undefined, known: string[], more = ''): Finding[] {
  if (name === undefined || known.includes(name)) return [];
  return [{ code: 'unknownName', path, value: name, rule: noSuchName(name, known) + more }];
}
