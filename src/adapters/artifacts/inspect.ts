import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** More entries than this are not looked at one by one. */
const MOST_ENTRIES = 500_000;

/**
 * Lists what an archive holds, without unpacking it.
 *
 * @param file a `.tar.gz` on this machine
 * @returns why it may not be unpacked, or null; only regular files and folders below its root are accepted
 */
export async function refusal(file: string): Promise<string | null> {
  const tar = spawn('tar', ['--list', '--verbose', '--gzip', '--quoting-style=escape', '--file', file], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', resolve);
  });
  let complaint = '';
  tar.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-300)));
  let entries = 0;
  let bad: string | null = null;
  for await (const line of createInterface({ input: tar.stdout })) {
    entries += 1;
    bad ??= badEntry(line) ?? (entries > MOST_ENTRIES ? `it holds more than ${MOST_ENTRIES} entries` : null);
  }
  const code = await closed;
  if (bad) return bad;
  if (code !== 0) return `it is no .tar.gz archive: ${complaint.trim().split('\n')[0]}`;
  return entries === 0 ? 'it is empty' : null;
}

/** `-rw-r--r-- user/group 12 2026-01-01 10:00 name`; the name may hold spaces. */
function badEntry(line: string): string | null {
  const [, type, mode = '', name = ''] = /^(.)(\S{9})\S*\s+\S+\s+\S+\s+\S+\s+\S+\s(.*)$/.exec(line) ?? [];
  if (type !== '-' && type !== 'd')
    return `only regular files and folders are unpacked; it holds ${line.slice(0, 120)}`;
  if (/[st]/i.test(mode)) return `it holds a file with set-user-id, set-group-id or sticky bit: ${name}`;
  if (name.startsWith('/') || name.split('/').includes('..'))
    return `it holds a path that leads outside: ${name}`;
  return null;
}
