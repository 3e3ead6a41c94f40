/** What nginx serves, by its own word: one question over a forwarded TCP stream. */
import { PawlError } from '../../../contracts/failures';
import type { RemoteHost } from '../../../contracts/world';
import { within } from '../../deadline';
import { httpGet } from '../../ssh/http-get';
import { digestOfServers, readServers, type ServerLine } from './servers';

export interface NginxPlace {
  host: RemoteHost;
  /** the configuration it was started with */
  config: string;
  /** where the files of its upstreams lie */
  folder: string;
  /** on 127.0.0.1, where it says what it serves */
  port: number;
}

export interface Served {
  servers: Record<string, ServerLine>;
  /** false: the file was changed since, and nobody can tell what is served */
  proven: boolean;
  /** when what is served was written: another one for each reload of ours */
  stamp: string;
  /** the process that answered */
  worker: string;
}

/** Milliseconds; a first SSH connection through a jump host is part of it. */
const OPEN_LIMIT = 15_000;
const ANSWER_LIMIT = 2_000;
/** Characters: some 20,000 servers. */
const MAX_FILE = 2 * 1024 * 1024;
const MARKER = 'x-pawl-served';

/** For messages. */
export const placeOf = ({ host }: NginxPlace): string => `nginx at ${host.name}`;
export const fileOf = ({ folder }: NginxPlace, upstream: string): string => `${folder}/${upstream}.servers`;

/**
 * @throws BalancerUnavailable when nobody answers, BalancerRefused when it does not know the upstream or its file
 * cannot be understood, and the SSH failures
 */
export async function askServed(at: NginxPlace, upstream: string, signal: AbortSignal): Promise<Served> {
  const { status, headers, body } = await ask(at, `/${upstream}.servers`, signal);
  const marker = /^([0-9a-f]{64}) (\d+) (\d+)$/.exec(String(headers[MARKER] ?? ''));
  const place = `${placeOf(at)}: ${fileOf(at, upstream)}`;
  if (!marker)
    throw new PawlError('BalancerRefused', `${place} is not among the files that it serves (docs/nginx.md)`);
  if (status !== 200)
    throw new PawlError('BalancerRefused', `${place} cannot be read by its workers: status ${status}`);
  const [, digest, stamp, worker] = marker as unknown as [string, string, string, string];
  return { servers: readServers(body, place), proven: digestOfServers(body) === digest, stamp, worker };
}

async function ask(at: NginxPlace, path: string, signal: AbortSignal) {
  return within(OPEN_LIMIT, signal, async (opening) => {
    try {
      const stream = await at.host.openTcp('127.0.0.1', at.port, opening.signal);
      try {
        return await within(ANSWER_LIMIT, signal, (answering) =>
          httpGet(stream, path, answering.signal, MAX_FILE),
        );
      } finally {
        stream.destroy();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PawlError && error.type !== 'StreamRefused') throw error;
      const refused = error instanceof PawlError;
      const why = refused
        ? `nobody listens at 127.0.0.1:${at.port} there, or sshd forwards no TCP (AllowTcpForwarding)`
        : opening.passed
          ? `no stream to it within ${opening.seconds} s`
          : `no complete answer at 127.0.0.1:${at.port} within ${ANSWER_LIMIT / 1000} s`;
      throw new PawlError('BalancerUnavailable', `${placeOf(at)}: ${why}`, undefined, { cause: error });
    }
  });
}
