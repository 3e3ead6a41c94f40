/** What is wrong with a config centre's files beyond their shapes. */
import { SecretReference } from '../../contracts/config-set';
import type { Finding } from '../findings';

/** Words that templates know already. */
export const OWN_WORDS = ['host', 'hosts', 'cluster', 'service', 'revision'];

/** Two targets at one place, or one inside of the other. */
export function setFindings(value: unknown): Finding[] {
  const { targets } = value as { targets?: unknown };
  if (!Array.isArray(targets)) return [];
  const paths = targets.map((target) => (target as { path?: unknown } | null)?.path);
  /** each path of before, and the first below each folder */
  const [taken, folders] = [new Set<string>(), new Map<string, string>()];
  return paths.flatMap((path, index) => {
    if (typeof path !== 'string') return [];
    const above = foldersOf(path);
    const clash = taken.has(path) ? path : (above.find((folder) => taken.has(folder)) ?? folders.get(path));
    taken.add(path);
    for (const folder of above) if (!folders.has(folder)) folders.set(folder, path);
    if (clash === undefined) return [];
    const rule =
      clash === path ? 'another target has this path' : `one of the two cannot be a folder: ${clash}`;
    return [{ code: 'samePlace', path: ['targets', String(index), 'path'], value: path, rule }];
  });
}

/** `/etc/web/a` → `/etc/web`, `/etc` */
const foldersOf = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)).filter(Boolean);

/** Words of our own, secrets that stand there in clear text, and references that are more than that. */
export function valueFindings(value: unknown): Finding[] {
  if (!isMap(value)) return [];
  const taken = Object.keys(value).filter((name) => OWN_WORDS.includes(name));
  return [
    ...taken.map((name) => ({
      code: 'taken',
      path: [name],
      value: name,
      rule: `templates know this word already: ${OWN_WORDS.join(', ')}`,
      atKey: true,
    })),
    ...secretFindings(value, []),
  ];
}

function secretFindings(value: unknown, path: string[]): Finding[] {
  if (Array.isArray(value))
    return value.flatMap((inner, index) => secretFindings(inner, [...path, String(index)]));
  if (!isMap(value)) return [];
  if (!('secret' in value))
    return Object.entries(value).flatMap(([name, inner]) => secretFindings(inner, [...path, name]));
  if (SecretReference.safeParse(value).success) return [];
  const rule = 'a reference and nothing beside it: {secret: env:NAME}, file:PATH or credential:NAME';
  return [{ code: 'secret', path: [...path, 'secret'], value: value.secret, rule }];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
