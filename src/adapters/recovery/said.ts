/** What the programs that look for damage print. */
import { z } from 'zod';
import type { Fetched } from '../../contracts/recovery';
import type {
  Held,
  SeenExposure,
  SeenFolders,
  SeenGit,
  SeenPackages,
  SeenTables,
} from '../../domain/recovery/damage';

/** @param text see `src/host/verify-packages.sh` */
export function parsePackages(text: string): SeenPackages {
  const owners = new Map(
    [...text.matchAll(/^of ([^:, ]+)[^/]*: (\/.*)$/gm)].map(([, name, path]) => [path!, name!]),
  );
  const files = [...text.matchAll(/^(missing|changed) (\/.*)$/gm)].map(([, how, path = '']) => ({
    ...{ how: how as 'missing' | 'changed', path, package: owners.get(path) ?? 'an unknown package' },
  }));
  const packages = [...text.matchAll(/^package (\S+)$/gm)].map(([, name]) => name!);
  return { files, packages, more: Number(/^more (\d+)$/m.exec(text)?.[1] ?? 0) };
}

/** @param text see `src/host/jobs/fetch-packages.sh` */
export function parseFetched(text: string): Fetched {
  const missing = [...text.matchAll(/^missing (\S+) (\S+) (.*)$/gm)];
  return {
    there: [...text.matchAll(/^there (\S+)$/gm)].map(([, name]) => name!),
    missing: missing.map(([, name = '', version = '', why = '']) => ({ package: name, version, why })),
  };
}

/** @param text see `src/host/look-tables.sh` */
export function parseTables(text: string): SeenTables {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const of = (word: string) => lines.flatMap(([first, second = '']) => (first === word ? [second] : []));
  const late = of('late');
  // a fault is of the table that was named last
  let table = '';
  const faults = lines.flatMap(([word, second = '']) => {
    if (word === 'table') table = second;
    return word === 'fault' ? [{ table, words: second }] : [];
  });
  return {
    ...{ tables: of('table'), reads: of('reads'), gone: of('gone'), faults },
    checks: lines.flatMap(([first, table = '', type = '', words = '']) =>
      first === 'checked' ? [{ table, type, words }] : [],
    ),
    blind: /^blind$/m.test(text),
    late: { reading: late.includes('reading'), checking: late.includes('checking') },
  };
}

const FOLDER = /^folder (absent|other|empty|there) (.*)$/s;
/** By the first word that stat has for it. */
const STAT_KINDS: [RegExp, string][] = [
  [/^regular/, 'file'],
  [/^directory/, 'dir'],
  [/^symbolic link/, 'symlink'],
  [/^fifo/, 'fifo'],
  [/^socket/, 'socket'],
  [/^character/, 'chardev'],
  [/^block/, 'dev'],
];

/** @param text see `src/host/look-folders.sh` */
export function parseFolders(text: string): SeenFolders {
  const seen = {
    folders: [] as SeenFolders['folders'],
    kinds: new Map<string, string>(),
    cannot: [] as string[],
  };
  for (const record of text.split('\0')) {
    const [, is, folder] = FOLDER.exec(record) ?? [];
    const [, said, path] = /^is ([^:]*):(.*)$/s.exec(record) ?? [];
    if (folder !== undefined)
      seen.folders.push({ path: folder, is: is as SeenFolders['folders'][number]['is'] });
    else if (said !== undefined && path !== undefined)
      seen.kinds.set(path, STAT_KINDS.find(([pattern]) => pattern.test(said))?.[1] ?? said);
    else if (record.startsWith('cannot ')) seen.cannot.push(record.slice(7));
  }
  return seen;
}

const Node = z.object({ type: z.string(), path: z.string() });

/**
 * @param text see `src/host/list-files.sh`
 * @throws Error where it is cut off, or restic speaks otherwise than this knows
 */
export function parseHeld(text: string): Held {
  const [head = '', ...lines] = text.split('\n');
  const [, total] = /^files (\d+)$/.exec(head) ?? [];
  if (total === undefined || lines.at(-1) !== '')
    throw new Error(`the list of a backup's files has no end: ${text.slice(0, 200)}`);
  const nodes = lines.slice(0, -1).map((line) => Node.parse(JSON.parse(line)));
  // restic writes this for bytes that are no text: nobody can tell the name from it
  const files = nodes.filter(({ path }) => !path.includes('\ufffd'));
  return { total: Number(total), files: files.map(({ path, type: kind }) => ({ path, kind })) };
}

/** @param text see `src/host/look-git.sh` */
export function parseGit(text: string): SeenGit {
  const of = (word: string) =>
    text.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [late] = of('late');
  return {
    refs: Number(of('refs')[0] ?? 0),
    ...{ faults: of('fault'), lost: of('lost'), dropped: of('dropped') },
    late: late === undefined ? null : Number(late),
  };
}

/** @param text see `src/host/look-exposure.sh` */
export function parseExposure(text: string): SeenExposure {
  const of = (word: string) =>
    [...text.matchAll(new RegExp(`^${word} (.*)$`, 'gm'))].map(([, value = '']) => value);
  return { open: of('open'), setid: of('setid'), keys: of('key'), ports: of('port').map(Number) };
}
