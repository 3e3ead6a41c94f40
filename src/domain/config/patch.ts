import { createTwoFilesPatch } from 'diff';
import type { Diffs } from '../../contracts/status';

/** Bytes of all diffs of a plan; a status carries them along. */
const MOST_SHOWN = 100_000;

/** Lines that are taken out and put in: without an end, two large files keep a worker busy for many seconds. */
const LIMITS = { maxEditLength: 2_000 };

/** A file as a diff shows it; null: it is not there. */
export type Side = { text: string; mode: string; owner: string; group: string } | null;

/**
 * How a file is different, as people read it.
 *
 * @param hidden its content is never shown
 * @returns undefined where nothing is different
 */
export function patchOf(path: string, from: Side, to: Side, hidden = false): string | undefined {
  const rights = rightsText(from, to);
  if (from?.text === to?.text && !rights && !from === !to) return undefined;
  const content = from?.text === to?.text && !from === !to ? '' : contentText(path, from, to, hidden);
  return [content, rights && `${path}: ${rights}`].filter(Boolean).join('\n');
}

function contentText(path: string, from: Side, to: Side, hidden: boolean): string {
  if (hidden) return `${path}: its content, which is not shown, is different`;
  const name = (side: Side) => (side ? path : '/dev/null');
  const texts = [from?.text ?? '', to?.text ?? ''] as const;
  const patch = createTwoFilesPatch(name(from), name(to), ...texts, undefined, undefined, LIMITS);
  // nobody reads so much of it
  if (patch === undefined) return `${path}: most of its lines are different`;
  return patch.replace(/^(Index: .*\n)?=+\n/, '').trimEnd();
}

function rightsText(from: Side, to: Side): string {
  if (!from || !to) return '';
  const [was, is] = [from, to].map(({ owner, group, mode }) => `${owner}:${group} ${mode}`);
  return was === is ? '' : `${was} → ${is}`;
}

/** What comes to hosts, as people read it: bounded, because histories carry it. */
export function shownDiffs(
  texts: readonly { host: string; text: string }[],
  most: number = MOST_SHOWN,
): Diffs | undefined {
  const shown: Diffs['shown'] = [];
  let [room, more] = [most, 0];
  for (const { hosts, text } of grouped(texts)) {
    room -= hosts.join().length;
    const lines = text.split('\n');
    const fitting = lines.findIndex((line) => (room -= Buffer.byteLength(line) + 1) < 0);
    const kept = fitting < 0 ? lines : lines.slice(0, fitting);
    if (kept.length > 0) shown.push({ hosts, text: kept.join('\n') });
    more += lines.length - kept.length;
  }
  return shown.length > 0 || more > 0 ? { shown, more } : undefined;
}

/** Equal texts of several hosts are one, with their names. */
export function grouped(
  texts: readonly { host: string; text: string }[],
): { text: string; hosts: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { host, text } of texts) groups.set(text, [...(groups.get(text) ?? []), host]);
  return [...groups].map(([text, hosts]) => ({ text, hosts }));
}
