import { readFile } from 'node:fs/promises';
import { attempt, run } from './command';
import { LabError } from '../error';

export interface Mount {
  point: string;
  type: string;
  options: string;
}

/** What is mounted on this machine, in the order of mounting. */
export async function mounts(): Promise<Mount[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  return text.split('\n').filter(Boolean).map(parseMount);
}

/** Mount points at or below a folder, in the order of mounting. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const points = (await mounts()).map((mount) => mount.point);
  return points.filter((point) => point === folder || point.startsWith(folder + '/'));
}

/** Unmounts everything at or below a folder, the newest first; what is busy goes when it is let go. */
export async function unmountBelow(folder: string): Promise<void> {
  for (const point of (await mountsBelow(folder)).reverse()) {
    const { code } = await attempt('umount', [point]);
    if (code !== 0) await run('umount', ['--lazy', point]);
  }
  const left = await mountsBelow(folder);
  if (left.length > 0) throw new LabError(`still mounted: ${left.join(', ')}`);
}

/** Fields: id, parent, device, root, point, options, optional ones, `-`, type, source, its options. */
function parseMount(line: string): Mount {
  const [left = '', right = ''] = line.split(' - ');
  const [type = '', , options = ''] = right.split(' ');
  return { point: unescape(left.split(' ')[4] ?? ''), type, options };
}

const unescape = (text: string) =>
  text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
