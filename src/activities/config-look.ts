import type { Rendered } from '../adapters/config-centre';
import { sideOf } from '../adapters/config-centre';
import { manifestLine } from '../adapters/config-centre/state';
import { PawlError } from '../contracts/failures';
import type { RemoteHost } from '../contracts/world';
import { patchOf, type Side } from '../domain/config/patch';

export const configFolder = (set: string) => `/var/lib/pawl/config/${set}`;

/** Bytes of a file that a diff is made of. */
const MOST = 64 * 1024;
const LOOK_MS = 120_000;

/**
 * How files of a host are different from what they shall be.
 *
 * @returns in words or as unified diffs; content that must not be shown is only named
 */
export async function differences(
  remote: RemoteHost,
  files: readonly Rendered[],
  signal: AbortSignal,
): Promise<string[]> {
  if (files.length === 0) return [];
  const stdin = files.map((file) => manifestLine(file, file.target.sensitive ? 'hide' : 'show')).join('');
  const options = { signal, stdin, timeoutMs: LOOK_MS, maxOutputBytes: 16 * 1024 * 1024 };
  const { code, stdout, stderr } = await remote.run('look-config', [String(MOST)], options);
  if (code !== 0) throw new PawlError('CommandFailed', `${remote.name}: ${stderr.trim().slice(-300)}`);
  const byPath = new Map(files.map((file) => [file.target.path, file]));
  return found(stdout).map(({ path, kind, side, content }) => {
    const file = byPath.get(path);
    if (kind === 'other') return `${path}: no regular file is there`;
    const to = sideOf(file);
    // content that is too large to be sent is only named
    const hidden = file?.target.sensitive === true || (kind === 'file' && content === undefined);
    return patchOf(path, side && { ...side, text: content ?? '' }, to, hidden) ?? `${path}: is different`;
  });
}

/**
 * The label of the configuration that a host has.
 *
 * @returns undefined where it has none, or none that is whole
 */
export async function currentLabel(
  remote: RemoteHost,
  set: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { code, stdout } = await remote.run('read-config', [configFolder(set)], { signal });
  if (code !== 0 || /^switching /m.test(stdout)) return undefined;
  return /^current \S+ (\S+)$/m.exec(stdout)?.[1];
}

interface Found {
  path: string;
  kind: string;
  side: Side;
  content?: string;
}

function found(stdout: string): Found[] {
  const list: Found[] = [];
  for (const line of stdout.split('\n')) {
    const [word, ...rest] = line.split(' ');
    const last = list.at(-1);
    if (word === 'is') {
      const [mode = '', owner = '', group = '', kind = '', path = ''] = rest;
      list.push({ path, kind, side: kind === 'file' ? { text: '', mode, owner, group } : null });
    } else if (word === 'content' && last)
      last.content = Buffer.from(rest[0] ?? '', 'base64').toString('utf8');
  }
  return list;
}
