import type { Rendered } from '../adapters/config-centre';
import { sideOf } from '../adapters/config-centre';
import { manifestLine } from '../adapters/config-centre/state';
import { PawlError } from '../contracts/failures';
import { AbsolutePath } from '../contracts/names';
import type { GoneFile } from '../contracts/plan';
import type { RemoteHost } from '../contracts/world';
import { patchOf, type Side } from '../domain/config/patch';

export const configFolder = (set: string) => `/var/lib/pawl/config/${set}`;

/** Bytes of a file that a diff is made of. */
const MOST = 64 * 1024;
const LOOK_MS = 120_000;
/** What follows on files, as hosts keep it. */
const ACTION = /^(-|(reload|restart) [A-Za-z0-9:_.@-]+|run( [A-Za-z0-9+/]+=*)+)$/;

export interface Different {
  path: string;
  text: string;
  /** it is to be removed */
  gone?: GoneFile;
}

/**
 * How files of a host are different from what they shall be.
 *
 * @param folder of the set on hosts: files that came with it, and are among these no more, are different, too
 * @returns those that are, in words or as unified diffs; content that must not be shown is only named
 */
export async function differences(
  remote: RemoteHost,
  files: readonly Rendered[],
  signal: AbortSignal,
  folder?: string,
): Promise<Different[]> {
  if (files.length === 0) return [];
  const stdin = files.map((file) => manifestLine(file, file.target.sensitive ? 'hide' : 'show')).join('');
  const options = { signal, stdin, timeoutMs: LOOK_MS, maxOutputBytes: 16 * 1024 * 1024 };
  const { code, stdout, stderr } = await remote.run(
    'look-config',
    [String(MOST), ...(folder ? [folder] : [])],
    options,
  );
  if (code !== 0) throw new PawlError('CommandFailed', `${remote.name}: ${stderr.trim().slice(-300)}`);
  const byPath = new Map(files.map((file) => [file.target.path, file]));
  const gone = goneIn(stdout).map((one) => ({ path: one.path, text: goneText(one), gone: one }));
  const others = found(stdout).map(({ path, kind, side, content }) => {
    const file = byPath.get(path);
    if (kind === 'other') return { path, text: `${path}: no regular file is there` };
    const to = sideOf(file);
    // content that is too large to be sent is only named
    const hidden = file?.target.sensitive === true || (kind === 'file' && content === undefined);
    const text = patchOf(path, side && { ...side, text: content ?? '' }, to, hidden);
    return { path, text: text ?? `${path}: is different` };
  });
  return [...others, ...gone];
}

/** Whether it was secret is not known any more. */
const goneText = ({ path }: GoneFile) =>
  `--- ${path}\n+++ /dev/null\n${path}: removed, it is no target any more; its content is not shown`;

/** @throws CommandFailed where a host names what it cannot have been given */
function goneIn(stdout: string): GoneFile[] {
  return [...stdout.matchAll(/^gone (\S+) (.+)$/gm)].map(([, path = '', action = '']) => {
    const known = AbsolutePath.safeParse(path).success && ACTION.test(action);
    if (!known) throw new PawlError('CommandFailed', 'a host names a file to be removed that nobody brought');
    // a command may be about the very file
    return { path, action: action.startsWith('re') ? action : null };
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
