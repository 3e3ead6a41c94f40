/** What a host says of its configuration files, in one round trip however many they are. */
import type { SeenFile, SeenHost, SeenKind } from '../contracts/config-drift';
import { PawlError } from '../contracts/failures';
import type { RemoteHost } from '../contracts/world';
import type { Rendered } from '../adapters/config-centre';
import { manifestLine } from '../adapters/config-centre/state';
import { configFolder } from './config-look';

/** Bytes of a file that a diff is made of, and of how many files of one host. */
const MOST_BYTES = 64 * 1024;
const MOST_FILES = 20;
const LOOK_MS = 120_000;

/** @throws PawlError where the host cannot be looked at */
export async function seenOn(
  remote: RemoteHost,
  set: string,
  files: readonly Rendered[],
  signal: AbortSignal,
): Promise<SeenHost> {
  const stdin = files.map((file) => manifestLine(file, file.target.sensitive ? 'hide' : 'show')).join('');
  const options = { signal, stdin, timeoutMs: LOOK_MS, maxOutputBytes: 16 * 1024 * 1024 };
  // switches of a set are jobs on the lane of the service of this name
  const args = [configFolder(set), set, String(MOST_BYTES), String(MOST_FILES)];
  const { code, stdout, stderr, truncated } = await remote.run('find-drift', args, options);
  if (code !== 0) throw new PawlError('CommandFailed', `${remote.name}: ${stderr.trim().slice(-300)}`);
  if (truncated) throw new PawlError('CommandFailed', `${remote.name} says more than can be read`);
  return readSeen(stdout);
}

const NOT_A_REVISION = /^before-/;

export function readSeen(stdout: string): SeenHost {
  const seen: SeenHost = {
    ...{ current: null, switching: null, job: null, revisions: {}, whole: [], ahead: 0, files: [] },
  };
  for (const line of stdout.split('\n')) {
    const [word = '', ...rest] = line.split(' ');
    const [first = '', second = ''] = rest;
    const last = seen.files.at(-1);
    if (word === 'current' || word === 'switching') seen[word] = { state: first, label: second };
    else if (word === 'job') seen.job = first;
    else if (word === 'whole') seen.whole.push(first);
    else if (word === 'ahead') seen.ahead = Number(first);
    else if (word === 'at') {
      const revision = [first, rest[2] ?? ''].find((label) => label && !NOT_A_REVISION.test(label));
      if (revision !== undefined) seen.revisions[second] ??= revision;
    } else if (word === 'is') seen.files.push(fileIn(rest));
    else if ((word === 'bytes' || word === 'same') && last) last[word].push(first);
    else if (word === 'content' && last) last.content = first;
  }
  return seen;
}

function fileIn([mode = '', owner = '', group = '', kind = '', sum = '', path = '']: string[]): SeenFile {
  return {
    ...{ path, kind: kind as SeenKind, mode, owner, group },
    ...{ sum: sum === '-' ? null : sum, bytes: [], same: [] },
  };
}
