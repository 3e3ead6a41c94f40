/** A copy of a repository beside the worker, with settings of our own: objects that came by a fetch are what their names say. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PawlError } from '../../contracts/failures';
import { escaped } from '../../domain/escaped';
import { run, shieldedEnvironment } from './git';

/** Milliseconds for a fetch, with the wait for another one. */
const FETCH_MS = 120_000;
const LOCK_SECONDS = 60;
const LOCKED = 75;

/**
 * Branches and tags as they are there now; those that are gone there are gone here. Their commits stay for three months:
 * changes that are under way want them.
 */
const FETCH = `
  set -e
  mirror=$1 url=$2
  # no program of anybody runs, and a connection that says nothing ends
  g() { git -c core.hooksPath=/dev/null -c http.lowSpeedLimit=1 -c http.lowSpeedTime=20 -c gc.autoDetach=false -c gc.pruneExpire=3.months.ago "$@"; }
  if [ ! -d "$mirror" ]; then
    rm -rf "$mirror.new"
    g init --quiet --bare --template= "$mirror.new"
    mv -T "$mirror.new" "$mirror"
  fi
  cd "$mirror"
  # this lock is ours alone, so whoever made those has died
  find . -name '*.lock' -delete
  g fetch --quiet --prune --no-tags --no-write-fetch-head --no-recurse-submodules --no-auto-maintenance \\
    -- "$url" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'
  g gc --auto --quiet || true
`;

const SSH = 'ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3';
const OF_PROXIES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];

const mirrors = () => join(homedir(), '.cache', 'pawl', 'config');

/** @param source a URL, or the absolute path of a repository */
export function mirrorOf(source: string): string {
  return join(mirrors(), createHash('sha256').update(source).digest('hex').slice(0, 32));
}

/**
 * Fetches what is new. One at a time on this machine.
 *
 * @param options.limit milliseconds
 * @throws RepositoryUnavailable
 */
export async function fetchMirror(
  source: string,
  { signal, limit = FETCH_MS }: { signal?: AbortSignal; limit?: number } = {},
): Promise<void> {
  await mkdir(mirrors(), { recursive: true });
  const mirror = mirrorOf(source);
  const proxies = OF_PROXIES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  const { code, stderr, late } = await run(
    'flock',
    [
      // what git leaves behind does not hold the lock
      ...['--close', '--wait', String(LOCK_SECONDS), '--conflict-exit-code', String(LOCKED)],
      ...[`${mirror}.lock`, 'sh', '-c', FETCH, 'sh', mirror, source],
    ],
    {
      cwd: mirrors(),
      env: {
        ...shieldedEnvironment(),
        ...(Object.fromEntries(proxies) as Record<string, string>),
        ...{ GIT_ALLOW_PROTOCOL: 'https:ssh:file', GIT_SSH_COMMAND: SSH },
      },
      ...(signal && { signal }),
      limit,
    },
  );
  // git takes no cut history, and calls that a success
  const cut = stderr.includes('shallow roots');
  if (code === 0 && !cut) return;
  const why = late
    ? `no answer within ${limit / 1_000} s`
    : code === LOCKED
      ? 'another fetch of it takes long'
      : cut
        ? 'its history is cut: it is a shallow clone'
        : reasonIn(stderr);
  throw new PawlError(
    'RepositoryUnavailable',
    `the repository ${escaped(source)} cannot be reached: ${why}; try again`,
  );
}

/** What is wrong comes first; what may be done about it, after. */
function reasonIn(stderr: string): string {
  const said = stderr.split('\n').find((line) => line && !/^(remote: )?hint: |^warning: /.test(line));
  return escaped(said?.replace(/^(fatal|error): /, '') ?? 'git says nothing');
}
