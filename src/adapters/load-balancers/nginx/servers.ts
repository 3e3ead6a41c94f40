/** The file with the servers of an upstream, as people and `src/host/nginx-set.sh` write it. */
import { createHash } from 'node:crypto';
import { PawlError } from '../../../contracts/failures';

export interface ServerLine {
  /** as nginx knows it, such as `192.0.2.11:8080` */
  address: string;
  weight: number;
  /** how it is wanted; a server that is `down` is out unless its line says that it drains */
  wanted: 'in' | 'draining' | 'out';
}

/** `server 192.0.2.11:8080 weight=100 down; # web1 draining` */
const LINE = /^[ \t]*server[ \t]+([^\s;#]+)([^;#]*);[ \t]*#[ \t]*([^\s#]+)(?:[ \t]+(draining)\b)?/;

/**
 * @param text the file
 * @param place for messages
 * @throws BalancerRefused with each line that is none of ours
 */
export function readServers(text: string, place: string): Record<string, ServerLine> {
  const servers = new Map<string, ServerLine>();
  const wrong: string[] = [];
  text.split('\n').forEach((line, index) => {
    if (/^[ \t]*(#|$)/.test(line)) return;
    const [, address, settings = '', name, draining] = LINE.exec(line) ?? [];
    const known = name !== undefined && servers.has(name);
    if (!address || !name || known) {
      const why = known ? `is the second one called ${name}` : 'is not `server ADDRESS …; # NAME`';
      return void wrong.push(`line ${index + 1} ${why}: ${JSON.stringify(line.trim().slice(0, 80))}`);
    }
    const down = settings.split(/\s+/).includes('down');
    servers.set(name, {
      address,
      weight: Number(/\bweight=(\d+)/.exec(settings)?.[1] ?? 1),
      wanted: !down ? 'in' : draining ? 'draining' : 'out',
    });
  });
  if (wrong.length > 0) throw new PawlError('BalancerRefused', `${place}: ${wrong.join('; ')}`);
  return Object.fromEntries(servers);
}

/** Of what nginx reads of it, comments left out; `nginx_digest` in `src/host/lib/nginx.sh` reckons the same. */
export function digestOfServers(text: string): string {
  const read = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((line) => line !== '');
  return createHash('sha256')
    .update(read.map((line) => `${line}\n`).join(''))
    .digest('hex');
}

/** As a stream can be opened to it. @throws BalancerRefused for a UNIX socket */
export function hostAndPort(address: string): { host: string; port: number } {
  const [, bracketed, plain, port = '80'] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined)
    throw new PawlError('BalancerRefused', `${address} is no address of a server on another host`);
  return { host, port: Number(port) };
}

/** What is safe in a file's name, in nginx's configuration and as a fence's lane. */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) return name;
  throw new PawlError('BadInput', `${JSON.stringify(name)} cannot be the name of an upstream or a server`);
}
