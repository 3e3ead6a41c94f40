/** Pinned host keys: which ones are expected of a host, and what is said when another is shown. */
import { createHash } from 'node:crypto';
import { PawlError } from '../../contracts/failures';
import type { Endpoint } from './endpoint';
import { findKnownKeys, knownHostsName, type KnownKey } from './known-hosts';
import { quote } from './quote';

/** What is expected of one host's key. */
export interface Pins {
  /** keys it may show */
  trusted: KnownKey[];
  /** keys it must not show, whatever else says */
  revoked: KnownKey[];
}

/** Host key algorithms (as negotiated) for each type of key (as stored). SHA-1 signatures are left out. */
const ALGORITHMS: Record<string, readonly string[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};
export const ALL_ALGORITHMS: readonly string[] = Object.values(ALGORITHMS).flat();

/** Reads the pins anew at each connection: people add keys while a worker runs. */
export async function readPins(endpoint: Endpoint): Promise<Pins> {
  const { port, hostKeyAlias } = endpoint;
  const hosts = hostKeyAlias ? [hostKeyAlias] : [endpoint.name, endpoint.address];
  const names = hostKeyAlias ? hosts : hosts.map((host) => knownHostsName(host, port));
  let known = await findKnownKeys(endpoint.knownHostsFiles, names);
  // like OpenSSH: a key without a port counts when there is none for this port
  if (!known.some((key) => !key.revoked))
    known = [...known, ...(await findKnownKeys(endpoint.knownHostsFiles, hosts))];
  const revoked = known.filter((key) => key.revoked);
  if (!endpoint.hostKey) return { trusted: known.filter((key) => !key.revoked), revoked };
  const [type, encoded] = endpoint.hostKey.split(' ') as [string, string];
  const blob = Buffer.from(encoded, 'base64');
  return { trusted: [{ type, blob, revoked: false, source: 'the cluster file' }], revoked };
}

/** A server with several keys must show one of the pinned types, so only those are offered. */
export function algorithmsFor(pins: Pins): readonly string[] {
  const offered = [...new Set(pins.trusted.flatMap((key) => ALGORITHMS[key.type] ?? []))];
  return offered.length > 0 ? offered : ALL_ALGORITHMS;
}

export function accepts(pins: Pins, shown: Buffer): boolean {
  return (
    !pins.revoked.some((key) => key.blob.equals(shown)) && pins.trusted.some((key) => key.blob.equals(shown))
  );
}

/** Why the shown key is refused, and what a person has to do. */
export function refusal(endpoint: Endpoint, pins: Pins, shown: Buffer): PawlError {
  const type = keyType(shown);
  const details = {
    host: endpoint.name,
    shown: `${type} ${fingerprint(shown)}`,
    pinned: pins.trusted.map((key) => `${key.type} ${fingerprint(key.blob)}`),
  };
  const where = `${endpoint.name} (${endpoint.address}:${endpoint.port})`;
  const revoked = pins.revoked.find((key) => key.blob.equals(shown));
  if (revoked) {
    const words = `${where} shows the key ${details.shown}, which is revoked in ${revoked.source}. Stopped.`;
    return new PawlError('HostKeyChanged', words, details);
  }
  if (pins.trusted.length === 0) {
    const words =
      `the host key of ${where} is not known: it shows ${details.shown}. Compare that with ` +
      `\`ssh-keygen -lf /etc/ssh/ssh_host_${shortType(type)}_key.pub\` on the host itself; if it is the same, add it: ` +
      addCommand(endpoint, shown);
    return new PawlError('HostKeyChanged', words, { ...details, mend: addCommand(endpoint, shown) });
  }
  const pinned = pins.trusted.map((key) => `${key.type} ${fingerprint(key.blob)} (${key.source})`).join(', ');
  const words =
    `${where} shows another host key than the pinned one. Pinned: ${pinned}. Shown: ${details.shown}. Stopped: ` +
    'somebody may be in between. If the host was set up anew, replace the pinned key.';
  return new PawlError('HostKeyChanged', words, { ...details, mend: forgetCommand(pins.trusted) });
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** For a host that was set up anew: its new key is then unknown. What the cluster file pins only a person may change. */
function forgetCommand(pins: readonly KnownKey[]): string | undefined {
  const places = pins.flatMap(({ source }) => {
    const [, file, line] = /^(.*):(\d+)$/.exec(source) ?? [];
    return file && line ? [{ file, line }] : [];
  });
  const [first] = places;
  if (!first) return undefined;
  const lines = places.filter(({ file }) => file === first.file).map(({ line }) => `${line}d`);
  return `sed -i ${quote(lines.join(';'))} ${quote(first.file)}`;
}

function addCommand(endpoint: Endpoint, shown: Buffer): string {
  const name = endpoint.hostKeyAlias ?? knownHostsName(endpoint.address, endpoint.port);
  const line = `${name} ${keyType(shown)} ${shown.toString('base64')}`;
  return `echo ${quote(line)} >> ${quote(endpoint.knownHostsFiles[0] ?? '~/.ssh/known_hosts')}`;
}

/** A key's bytes begin with its type: a length of four bytes, then the name. */
function keyType(blob: Buffer): string {
  return blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') : 'unknown';
}

function shortType(type: string): string {
  if (type.startsWith('ecdsa')) return 'ecdsa';
  return type.replace('ssh-', '');
}
