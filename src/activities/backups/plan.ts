/** What a backup is about to do; looks at hosts and the store, and changes nothing. */
import { isDatabase, type BackupEntry, type BackupKind } from '../../contracts/backups';
import type { Parent, PlannedBackup, PlannedHost } from '../../contracts/backup-run';
import type { Mistake } from '../../contracts/failures';
import { BackupInput } from '../../contracts/inputs/backup';
import { type ServerNow, binlogOf, parentFor, physicalOf } from '../../domain/backups/parents';
import { badInput } from '../../domain/mistakes';
import { parsePlanInput } from '../plan/input';
import { plannedNotifications } from '../plan/notifications';
import type { World } from '../world';
import { collectMistakes } from './mistakes';
import { storePassword, withLogin } from './secrets';
import type { Source } from './source';
import { sourceNamed } from './source';
import { readCatalogue } from './store';
import { mustBeWell } from './well';

/** Of what is expected: as much must be free, for the store cannot know yet what it has already. */
const FIRST = 1.1;
/** Of what the last one brought: a later one brings about as much. */
const LATER = 3;
/** Of a database: as much is taken to have changed where nobody knows yet. */
const CHANGED = 0.1;
const LEAST_FREE = 64 * 1024 * 1024;

interface Looked {
  bytes: number;
  notes: string[];
  /** on which later ones can build */
  server?: ServerNow;
  /** what keeps the binary logs of a database from being backed up, in words */
  noLogs?: string;
}

export async function planBackup(
  raw: unknown,
  read: (file: string) => Promise<World>,
  signal: AbortSignal,
): Promise<PlannedBackup> {
  const input = parsePlanInput(BackupInput, raw);
  const world = await read(input.cluster);
  const source = sourceNamed(world, input.source);
  const looks = collectMistakes(signal);
  const { list: mistakes } = looks;
  const { name, settings, store, hosts } = source;
  const at = `backups.sources.${name}`;
  if (hosts.length === 0)
    mistakes.push({ code: 'nobody', path: at, value: settings.role ?? '', rule: 'no host has this role' });
  const allowed = input.kind === 'full' || settings.kind === 'mariadb';
  if (!allowed) mistakes.push(notOfThis(input.kind, at));
  await looks.of('backups.store.password', store.password, async () => storePassword(world, source));
  const [known, ...looked] = await Promise.all([
    looks.of('backups.store.host', store.host, () => readCatalogue(world, source, signal)),
    ...hosts.map((host) => looks.of(`hosts.${host}`, host, () => lookAt(world, source, host, signal))),
  ]);
  const seen = hosts.map((host, index) => {
    const own = (known?.entries ?? []).filter((entry) => entry.host === host);
    return planHost(host, input.kind, own, looked[index]);
  });
  if (input.kind !== 'full') mistakes.push(...withoutLogs(hosts, looked));
  const free = known?.free ?? null;
  const needed = seen.reduce((sum, { space }) => sum + space, LEAST_FREE);
  if (free !== null && free < needed) mistakes.push(tooFull(store.host, free, needed));
  // a person who only asks is told so as of any mistake, and some do not pass by themselves
  if (mistakes.length > 0 && (input.dryRun || !allowed)) throw badInput(mistakes);
  const notifications = input.notify ? plannedNotifications(world.cluster, name) : undefined;
  return {
    cluster: world.cluster.cluster,
    file: input.cluster,
    source: name,
    hosts: seen.map(({ plan }) => plan),
    attempts: input.attempts,
    pauseSeconds: input.pauseSeconds,
    maxSeconds: Math.round(settings.maxHours * 3_600),
    trouble: mistakes,
    keep: settings.keep,
    ...(notifications && { notifications }),
    dryRun: input.dryRun,
    notes: seen.flatMap(({ notes }) => notes),
  };
}

const withoutLogs = (hosts: readonly string[], looked: readonly (Looked | undefined)[]) =>
  hosts.flatMap((host, index): Mistake[] => {
    const rule = looked[index]?.noLogs;
    return rule === undefined ? [] : [{ code: 'binlog', path: `hosts.${host}`, value: host, rule }];
  });

function notOfThis(kind: BackupKind, at: string): Mistake {
  const rule = `only a full backup can be taken of this source, ${at}: others are there of databases of MariaDB`;
  return { code: 'kind', path: 'kind', value: kind, rule };
}

/**
 * @param own entries of this host
 * @returns `space`: bytes that the store may need for it
 */
function planHost(
  name: string,
  wanted: BackupKind,
  own: readonly BackupEntry[],
  { bytes, notes, server }: Looked = { bytes: 0, notes: [] },
): { plan: PlannedHost; notes: string[]; space: number } {
  const found = wanted === 'full' || !server ? undefined : parentFor(wanted, own, server);
  const parent = found?.parent ?? null;
  const kind = parent ? wanted : 'full';
  const of = kind === 'full' ? bytes : CHANGED * bytes;
  const last = own.findLast((entry) => entry.kind === kind);
  const builds = parent ? `${kind}, builds on ${parent.id}` : 'a full one is taken';
  const why = found?.passedOver ? `; ${found.passedOver}` : '';
  return {
    plan: {
      ...{ name, kind },
      bytes: Math.max(kind === 'full' ? bytes : 0, last?.bytes ?? 0),
      parent: parent && parentOf(parent),
    },
    notes: [...(found ? [`${name}: ${builds}${why}`] : []), ...notes],
    space: last ? LATER * last.stored : FIRST * of,
  };
}

function parentOf(entry: BackupEntry): Parent {
  const { id, content } = entry;
  const toLsn = physicalOf(entry)?.toLsn;
  if (toLsn !== undefined) return { id, toLsn };
  const position = isDatabase(content) ? content.position : null;
  return { id, log: { ...position!, mark: binlogOf(entry)!.mark } };
}

function tooFull(host: string, free: number, needed: number): Mistake {
  const [has, wants] = [free, needed].map((bytes) => Math.ceil(bytes / 1_048_576));
  const rule = `${has} MiB are free, and ${wants} may be needed`;
  return { code: 'diskFull', path: 'backups.store.host', value: host, rule };
}

async function lookAt(world: World, source: Source, host: string, signal: AbortSignal): Promise<Looked> {
  const remote = world.hosts.on(host);
  const { settings } = source;
  if (!isDatabase(settings)) {
    const look = settings.kind === 'git' ? ['test', '-d', settings.repository] : ['true'];
    const what = settings.kind === 'git' ? `there is no ${settings.repository}` : 'gives no answer';
    mustBeWell(remote, await remote.run('run-command', look, { signal }), what);
    return { bytes: 0, notes: [] };
  }
  const ran = await withLogin(world, source, remote, signal, (file) =>
    remote.run('look-database', [settings.kind, settings.socket, file, settings.method], { signal }),
  );
  mustBeWell(remote, ran, 'its database cannot be backed up');
  const values = (key: string) =>
    ran.stdout
      .split('\n')
      .flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const uncovered = values('uncovered');
  const isOn = values('binlog')[0] === 'ON';
  const server = serverNow(settings.method, values);
  return {
    bytes: Number(values('bytes')[0] ?? 0),
    ...(server && { server }),
    ...(settings.kind === 'mariadb' &&
      settings.method === 'logical' &&
      !server && { noLogs: isOn ? LOGS_ELSEWHERE : LOGS_OFF }),
    notes: [
      ...(uncovered.length > 0
        ? [`${host}: no moment holds for ${uncovered.join(', ')}: these tables know no transactions`]
        : []),
      ...(isOn ? [] : [`${host}: its binary log is off: nothing between two backups can be restored`]),
    ],
  };
}

const LOGS_OFF =
  'its binary log is off, of which increments are made: set log_bin, server_id and expire_logs_days in [mysqld], and restart the server';
const LOGS_ELSEWHERE =
  'its binary logs, of which increments are made, cannot be read: they must lie on this host, and the login needs BINLOG MONITOR';

/** @param values what was said, by key */
function serverNow(method: 'logical' | 'physical', values: (key: string) => string[]): ServerNow | undefined {
  const [[server = ''], [birth], [lsn]] = [values('version'), values('birth'), values('lsn')];
  if (birth === undefined) return undefined;
  if (method === 'physical') return lsn === undefined ? undefined : { server, birth, lsn };
  const logs = values('log').map((line) => line.split(' ') as [string, string]);
  return logs.length === 0 ? undefined : { server, birth, logs: Object.fromEntries(logs) };
}
