/** From where on something counts as damaged, as data. */
import type { BackupSource, Level } from '../../contracts/backups';
import type { DriftKind } from '../../contracts/config-drift';
import type { Subject } from '../../contracts/recovery';

/** Paths that are compared of one source and host; of more, so many by chance. */
export const MOST_PATHS = 20_000;
/** Files of packages that are named. */
export const MOST_NAMED = 50;
/** Milliseconds: with a clock that is farther off, certificates and the order of backups mean nothing. */
export const CLOCK_DAMAGE_MS = 60_000;

/** Share of a source's files that may be missing: logs and documents come and go. `empty`: a folder may be empty. */
export const MAY_MISS: Record<Level, { below: number; empty: boolean }> = {
  database: { below: 0, empty: true },
  application: { below: 0, empty: true },
  configuration: { below: 0, empty: true },
  logs: { below: 0.5, empty: false },
  documents: { below: 0.5, empty: false },
};

/** Files of packages whose lack harms nobody, and which small systems leave out, as patterns of dpkg's path-exclude. */
export const NOBODY_MISSES = [
  ...['doc', 'man', 'info', 'locale', 'lintian', 'linda', 'doc-base'].flatMap((name) => [
    `/usr/share/${name}`,
    `/usr/share/${name}/*`,
  ]),
  ...['/var/cache/*', '/var/lib/apt/lists', '/var/lib/apt/lists/*', '/var/log/*', '/run/*', '/tmp/*'],
];

/** Kinds of drift that are damage; a file as another revision has it is whole. */
export const IS_DAMAGE: Record<DriftKind, boolean> = {
  edited: true,
  missing: true,
  rights: true,
  halfApplied: true,
  notAFile: true,
  behind: false,
  newer: false,
  unreachable: false,
};

/** Of what `doctor` finds on a host, what is damage; what else it finds is mentioned. */
export const HOST_DAMAGE: readonly string[] = ['notWritable', 'diskFull'];
/** Of what it finds of a balancer there: it does not answer. */
export const BALANCER_DAMAGE: readonly string[] = ['noSocket', 'noAnswer', 'noNginx', 'BalancerUnavailable'];

const LEVEL_OF: Record<Exclude<Subject['kind'], 'source'> | BackupSource['kind'], Level> = {
  host: 'application',
  packages: 'application',
  exposure: 'configuration',
  service: 'application',
  config: 'configuration',
  mariadb: 'database',
  mysql: 'database',
  folders: 'configuration',
  git: 'application',
};

/** @param sources of the cluster file */
export function levelOf(
  subject: Subject,
  sources: Record<string, Pick<BackupSource, 'kind' | 'level'>>,
): Level {
  if (subject.kind !== 'source') return LEVEL_OF[subject.kind];
  const { kind, level } = sources[subject.source]!;
  return level ?? LEVEL_OF[kind];
}
