import { connect } from 'node:net';
import { maintenanceLines } from '../../src/adapters/load-balancers/haproxy/doors';
import { steeringFile, steeringLines } from '../../src/adapters/load-balancers/haproxy/steering';
import { MaintenanceSettings } from '../../src/contracts/maintenance';
import { Testers } from '../../src/contracts/testers';
import { isRouted, type LabHost } from './topology';

/**
 * Whoever fails or is back is looked at every 0.1 s. Checks of those who are well have a second, as requests have: with
 * less, a machine that is busy for a moment takes all hosts for dead.
 */
const CHECKS = 'default-server inter 1s fastinter 100ms downinter 100ms fall 2 rise 2';

/** The balancer never repeats a request elsewhere, so that every failed one is seen. */
export function haproxyConfig(hosts: LabHost[]): string {
  const servers = (port: number) =>
    hosts
      .filter(isRouted)
      .map(({ name, address, role }) => {
        const disabled = role === 'idle' ? ' disabled' : '';
        return `    server ${name} ${address}:${port} check weight 100${disabled}\n`;
      })
      .join('');
  const doors = (backend: string) =>
    maintenanceLines(backend, MaintenanceSettings.parse({}))
      .map((line) => `    ${line}\n`)
      .join('');
  const testers = (backend: string) =>
    steeringLines(backend, Testers.parse({}))
      .map((line) => `    ${line}\n`)
      .join('');
  return `global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners
    stats timeout 30s
    server-state-file /var/lib/pawl/haproxy-state
    user haproxy
    group haproxy

defaults
    mode http
    load-server-state-from-file global
    log global
    option httplog
    option dontlog-normal
    retries 0
    no option redispatch
    option idle-close-on-response
    http-reuse safe
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout queue 5s
    timeout check 1s
    timeout http-request 10s
    timeout http-keep-alive 60s
    option httpchk
    http-check send meth GET uri /health ver HTTP/1.1 hdr Host lab hdr Connection close
    http-check expect status 200

frontend web
    bind :80
    default_backend web

frontend webdeb
    bind :81
    default_backend webdeb

frontend metrics
    bind :8405
    # an idle connection of a scraper would look like one of a client
    option httpclose
    http-request use-service prometheus-exporter if { path /metrics }
    http-request deny

backend web
${doors('web')}${testers('web')}    ${CHECKS}
${servers(8080)}
backend webdeb
${doors('webdeb')}${testers('webdeb')}    ${CHECKS}
${servers(8081)}`;
}

/** Files that its configuration names: they must be there when it starts, empty while nothing is wanted. */
export const MAP_FILES = ['web', 'webdeb'].flatMap((backend) => [
  ...['addresses', 'pages'].map((kind) => `var/lib/pawl/maintenance/${backend}.${kind}`),
  steeringFile(backend).slice(1),
]);

/** One command on HAProxy's runtime socket; resolves with the whole answer. */
export function askHaproxy(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath);
    socket.setEncoding('utf8').setTimeout(2000, () => socket.destroy(new Error('HAProxy gives no answer')));
    socket.on('connect', () => socket.write(command + '\n'));
    socket.on('data', (text: string) => (answer += text));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** Status of each server of a backend, in HAProxy's own words, e.g. `UP`, `DOWN 1/2`. */
export async function serverStates(socketPath: string, backend: string): Promise<Record<string, string>> {
  const rows = (await askHaproxy(socketPath, 'show stat')).split('\n').map((row) => row.split(','));
  const column = rows[0]?.indexOf('status') ?? -1;
  const servers = rows.filter(
    ([proxy, server]) => proxy === backend && server !== 'BACKEND' && server !== 'FRONTEND',
  );
  return Object.fromEntries(servers.map((row) => [row[1] ?? '', row[column] ?? '']));
}
