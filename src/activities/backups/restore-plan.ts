/** Which backup comes back, to where, and what keeps it from that: asked before anything is touched. */
import { isDatabase, type BackupEntry } from '../../contracts/backups';
import type { PlannedRestore, Restore } from '../../contracts/backup-run';
import type { Mistake } from '../../contracts/failures';
import { servesAt } from '../../domain/backups/catalogue';
import { byId, chainIn } from '../../domain/backups/chains';
import { hasLogs } from '../../domain/backups/parents';
import { bytesOf, neededBytes, outermost, restoredFolder, seriesTrouble } from '../../domain/backups/restore';
import { notYet, unknownName } from '../../domain/mistakes';
import type { World } from '../world';
import { storePassword } from './secrets';
import type { Source } from './source';
import { readCatalogue } from './store';
import { mustBeWell } from './well';
import { collectMistakes, unknownBackup } from './mistakes';

export interface WantedRestore {
  /** whose backup; needed where several hosts have some */
  host?: string;
  pick: 'newest' | { id: string };
  /** ISO time of the moment that is to come back */
  at?: string;
  /** default: its own host */
  on?: string;
  /** `scratch`: a folder that is named after the backup */
  place: Restore['place'] | 'scratch';
  asTheyAre?: boolean;
}

/** `plan` is null where too little is known. */
export interface RestorePlan {
  plan: PlannedRestore | null;
  mistakes: Mistake[];
}

/** Looks at the catalogue and at the target; changes nothing. */
export async function restorePlan(
  world: World,
  source: Source,
  wanted: WantedRestore,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const looks = collectMistakes(signal);
  const { list: mistakes } = looks;
  const { store, name } = source;
  mistakes.push(...notYet('at', wanted.at, Date.now()));
  await looks.of('backups.store.password', store.password, async () => storePassword(world, source));
  const known = await looks.of('backups.store.host', store.host, () => readCatalogue(world, source, signal));
  const found = known && picked(source, known.entries, wanted);
  mistakes.push(...(found?.mistakes ?? []));
  const { entry, until, notTaken = [] } = found ?? {};
  const on = wanted.on ?? entry?.host ?? wanted.host;
  const hosts = Object.keys(world.cluster.hosts);
  if (on !== undefined && !hosts.includes(on)) mistakes.push(unknownName('on', on, hosts));
  if (!entry || on === undefined || !hosts.includes(on)) return { plan: null, mistakes };
  const chain = chainIn(byId(known!.entries), entry.id);
  if (typeof chain === 'string') {
    mistakes.push({
      code: 'brokenChain',
      path: 'pick',
      value: entry.id,
      rule: `it cannot be restored: ${chain}`,
    });
    return { plan: null, mistakes };
  }
  const place =
    wanted.place === 'scratch' ? { folder: restoredFolder(name, until ?? entry.at) } : wanted.place;
  const restore: Restore = {
    ...{ source: name, host: entry.host, on, backup: entry.id, place },
    ...(wanted.asTheyAre && { asTheyAre: true }),
    ...(until !== undefined && { until }),
  };
  const needed = neededBytes(chain);
  const looked = await looks.of(`hosts.${on}`, on, () => lookAt(world, source, restore, entry, signal));
  mistakes.push(
    ...(looked ? troubleOf(restore, entry, looked, needed) : []),
    ...intoStore(source, restore, looked?.targets ?? []),
    ...manyServers(source, restore),
  );
  return {
    plan: {
      ...restore,
      ...{ at: until ?? entry.at, bytes: bytesOf(chain), needed, notTaken },
      targets: looked?.targets ?? [],
      units: place === 'inPlace' ? unitsOf(source) : [],
      maxSeconds: Math.round(source.settings.maxHours * 3_600),
    },
    mistakes,
  };
}

/** That use what the source is about. */
export const unitsOf = ({ settings }: Source): string[] =>
  isDatabase(settings) ? [settings.unit] : settings.units;

/** What a backup of folders, or of a repository, comes back as; of a database its host alone knows. */
export function targetsOf({ content }: BackupEntry): string[] {
  if (content.kind === 'folders') return outermost(content.folders);
  return content.kind === 'git' ? [content.repository] : [];
}

function picked(
  { name, hosts: own }: Source,
  entries: readonly BackupEntry[],
  { host, pick, at }: WantedRestore,
): { entry?: BackupEntry; until?: string; notTaken?: string[]; mistakes: Mistake[] } {
  const hosts = [...new Set(entries.map((entry) => entry.host))];
  // one that has left the cluster may have some all the same
  const known = [...new Set([...own, ...hosts])];
  if (host !== undefined && !known.includes(host)) return { mistakes: [unknownName('host', host, known)] };
  const ofHost = entries.filter((entry) => host === undefined || entry.host === host);
  if (typeof pick === 'object') {
    const entry = ofHost.find(({ id }) => id === pick.id);
    return entry ? { entry, mistakes: [] } : { mistakes: [unknownBackup('pick.id', pick.id, ofHost)] };
  }
  if (host === undefined && hosts.length > 1) {
    const rule = `whose backup? ${hosts.join(', ')} have some`;
    return { mistakes: [{ code: 'missing', path: 'host', value: 'nothing', rule }] };
  }
  const { entry, until, notTaken } = servesAt(ofHost, at === undefined ? Infinity : Date.parse(at));
  if (entry) return { entry, ...(until !== undefined && { until }), notTaken, mistakes: [] };
  const why = notTaken.length > 0 ? `: ${notTaken.join('; ')}` : '';
  const of = host === undefined ? 'it' : `it on ${host}`;
  const does = at === undefined ? 'can be restored' : `brings ${at} back`;
  const rule = `there is no backup of ${of} that ${does}${why}`;
  return { mistakes: [{ code: 'nothing', path: 'source', value: name, rule }] };
}

interface Looked {
  targets: string[];
  missing: string[];
  noUnits: string[];
  /** of its database server; '' where it has none */
  version: string;
  /** bytes by file system */
  free: Map<string, number>;
  trouble: { path: string; words: string }[];
}

async function lookAt(
  world: World,
  source: Source,
  { on, place }: Restore,
  entry: BackupEntry,
  signal: AbortSignal,
): Promise<Looked> {
  const remote = world.hosts.on(on);
  const { content } = entry;
  const folder = place === 'inPlace' ? '-' : place.folder;
  const programs = programsFor(entry);
  const args = [content.kind, folder, ...unitsOf(source), '--', ...programs, '--', ...targetsOf(entry)];
  const ran = await remote.run('look-restore', args, { signal });
  mustBeWell(remote, ran, 'nothing can be restored to it');
  const lines = ran.stdout.split('\n');
  const values = (key: string) =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const cut = (text: string): [string, string] => {
    const blank = text.indexOf(' ');
    return [text.slice(0, blank), text.slice(blank + 1)];
  };
  return {
    targets: values('target'),
    missing: values('missing'),
    noUnits: values('nounit'),
    version: values('version')[0] ?? '',
    free: new Map(
      values('free')
        .map(cut)
        .map(([device, bytes]) => [device, Number(bytes)]),
    ),
    trouble: values('trouble')
      .map(cut)
      .map(([path, words]) => ({ path, words })),
  };
}

function programsFor(entry: BackupEntry): string[] {
  const { content } = entry;
  const common = ['restic', 'ssh', 'ssh-keygen'];
  if (content.kind === 'folders') return common;
  if (content.kind === 'git') return [...common, 'git', 'setpriv'];
  if (content.kind === 'mysql') return [...common, 'mysqld', 'mysql', 'setpriv'];
  const server = [...common, 'mariadbd', 'mariadb', 'mariadb-install-db', 'setpriv'];
  if (content.physical) return [...server, 'mariadb-backup', 'mbstream'];
  return hasLogs(entry) ? [...server, 'mariadb-binlog'] : server;
}

/** What others come to lie in, or goes aside, must not be the backups themselves. */
function intoStore({ store }: Source, { on, place }: Restore, targets: readonly string[]): Mistake[] {
  if (on !== store.host) return [];
  const within = (one: string, other: string) => one === other || one.startsWith(`${other}/`);
  const paths = place === 'inPlace' ? targets : [place.folder];
  return paths.flatMap((path): Mistake[] => {
    if (!within(path, store.folder) && !within(store.folder, path)) return [];
    const rule = `backups lie there (${store.folder}): restore to another folder`;
    return [{ code: 'target', path: `hosts.${on}`, value: path, rule }];
  });
}

/** One of several servers has a configuration of its own, which its programs do not tell. */
function manyServers({ name, settings }: Source, { place }: Restore): Mistake[] {
  if (place !== 'inPlace' || !isDatabase(settings) || !settings.unit.includes('@')) return [];
  const rule = 'is one of several servers on its host: restore to a folder, and copy';
  return [{ code: 'unit', path: `backups.sources.${name}.unit`, value: settings.unit, rule }];
}

function troubleOf({ on }: Restore, entry: BackupEntry, looked: Looked, needed: number): Mistake[] {
  const { missing, noUnits, version, free, trouble } = looked;
  const path = `hosts.${on}`;
  const say = (code: string, value: string, rule: string): Mistake => ({ code, path, value, rule });
  const series = seriesTrouble(entry, version);
  const has = [...free.values()].reduce((sum, bytes) => sum + bytes, 0);
  const [mib, wanted] = [has, needed].map((bytes) => Math.ceil(bytes / 1_048_576));
  return [
    ...missing.map((program) => say('missing', on, `has no ${program}: install it there`)),
    ...noUnits.map((unit) =>
      say('noUnit', unit, 'there is no such unit there: correct it in the cluster file'),
    ),
    ...trouble.map(({ path: of, words }) => say('target', of, words)),
    ...(series === undefined ? [] : [say('series', on, series)]),
    ...(free.size > 0 && has < needed
      ? [say('diskFull', on, `${mib} MiB are free where it comes back, and ${wanted} may be needed`)]
      : []),
  ];
}
