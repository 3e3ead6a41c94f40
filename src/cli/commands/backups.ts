import type { Command } from 'commander';
import type { Listed, Serving, SourceLook } from '../../contracts/backup-run';
import { ageText } from '../../domain/amounts';
import { ENTRY_HEADS, entryCells } from '../../domain/backups/words';
import { begin, type Following } from '../begin';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { isId, mustBeId, noBackup, noMoment, sourceOf, timeOf } from '../backup-id';
import { lookAtBackups, type Asked } from '../backups-look';
import { columns } from '../columns';
import type { JsonObject } from '../read-object';
import { withTemporal } from '../temporal';

const CLUSTER = ['<cluster>', 'the cluster file, as the worker sees it'] as const;

/** What people want to know of backups. A worker reads the catalogue on the store; nothing is changed. */
export function addBackups(program: Command, { terminal, action }: Cli): void {
  const backups = program
    .command('backups')
    .helpGroup('Backups:')
    .description('look at backups, and prove that they can be restored')
    .helpCommand(false);
  backups
    .command('list')
    .description('what there is, newest first, and what is missing')
    .argument(...CLUSTER)
    .argument('[source]', 'default: all')
    .option('--json', 'machine readable')
    .action(
      action((cluster: string, source: string | undefined, { json }: { json?: boolean }) =>
        list({ cluster, ...(source !== undefined && { source }) }, json),
      ),
    );
  backups
    .command('show')
    .description('one backup, and all that is known of it')
    .argument(...CLUSTER)
    .argument('<id>', 'of the backup, as `list` shows it')
    .option('--json', 'machine readable')
    .action(action((cluster: string, id: string, { json }: { json?: boolean }) => show(cluster, id, json)));
  backups
    .command('explain')
    .description('which backups would bring a moment back')
    .argument(...CLUSTER)
    .argument('<source>', 'of the cluster file')
    .option('--at <time>', 'such as 2026-11-29T02:00:00Z; default: now')
    .option('--json', 'machine readable')
    .action(
      action((cluster: string, source: string, { at, json }: { at?: string; json?: boolean }) =>
        explain(
          { cluster, source, at: at === undefined ? new Date().toISOString() : timeOf(at, '--at') },
          json,
        ),
      ),
    );
  backups
    .command('verify')
    .description('restore a backup where nobody sees it, and compare: starts a restoreDrill')
    .argument(...CLUSTER)
    .argument('<id>', 'of the backup, as `list` shows it')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--json', 'machine readable')
    .action(
      action(async (cluster: string, id: string, following: Following) => {
        const source = await sourceOf(mustBeId(id, cluster), cluster);
        const input = { cluster, source, pick: { id } };
        return withTemporal((temporal) =>
          begin(temporal, { type: 'restoreDrill', input }, following, terminal),
        );
      }),
    );
  backups
    .command('restore')
    .description('bring a backup back to a host, into a folder of its own, and compare: starts a restore')
    .argument(...CLUSTER)
    .argument('<what>', 'id of a backup, or a source: its newest one')
    .option('--at <time>', 'of a source: the one that brings this moment back')
    .option('--host <host>', 'of a source on several hosts: whose backup')
    .option('--on <host>', 'to which it comes back; default: its own')
    .option('--to <folder>', 'that is not there yet; default: one below /var/lib/pawl-restored')
    .option('--as-they-are', 'with set-uid files and devices, which are refused otherwise')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--json', 'machine readable')
    .action(
      action(async (cluster: string, what: string, options: RestoreOptions & Following) => {
        const input = await restoreInput(cluster, what, options);
        return withTemporal((temporal) => begin(temporal, { type: 'restore', input }, options, terminal));
      }),
    );

  async function list(asked: Asked, json: boolean | undefined): Promise<number> {
    const { backups: seen } = await lookAtBackups(asked);
    if (json) terminal.print(`${JSON.stringify(seen)}\n`);
    else terminal.print(seen.sources.map((look) => `${tableOf(look)}\n`).join('\n'));
    return seen.sources.some(({ findings }) => findings.length > 0) ? EXIT.error : EXIT.done;
  }

  function tableOf({ source, entries, more, findings }: SourceLook): string {
    const { bold, red, dim } = terminal.colours;
    const rows = entries.map((entry) => entryCells(entry, entry.proof ?? undefined, Date.now()));
    return [
      bold(source),
      ...findings.map(({ text }) => `${red('✖')} ${text}`),
      ...(rows.length > 0 ? columns([ENTRY_HEADS.map(bold), ...rows]) : []),
      ...(more > 0 ? [dim(`and ${more} older ones`)] : []),
    ].join('\n');
  }

  async function show(cluster: string, id: string, json: boolean | undefined): Promise<number> {
    const source = await sourceOf(mustBeId(id, cluster), cluster);
    const { backups: seen } = await lookAtBackups({ cluster, source });
    const found = seen.sources.flatMap(({ entries }) => entries).find((entry) => entry.id === id);
    if (!found) throw noBackup(id, cluster);
    terminal.print(json ? `${JSON.stringify(found)}\n` : `${factsOf(found).join('\n')}\n`);
    return EXIT.done;
  }

  async function explain(asked: Asked, json: boolean | undefined): Promise<number> {
    const { backups: seen } = await lookAtBackups(asked);
    const serving = seen.sources.flatMap((look) => look.serving ?? []);
    if (json) terminal.print(`${JSON.stringify(serving)}\n`);
    else terminal.print(`${serving.flatMap((one) => servingText(one, asked.at!)).join('\n')}\n`);
    return serving.every(({ at }) => at !== null) ? EXIT.done : EXIT.error;
  }
}

interface RestoreOptions {
  at?: string;
  host?: string;
  on?: string;
  to?: string;
  asTheyAre?: boolean;
}

async function restoreInput(
  cluster: string,
  what: string,
  { at, host, on, to, asTheyAre }: RestoreOptions,
): Promise<JsonObject> {
  if (at !== undefined && isId(what)) throw noMoment(what);
  const moment = at === undefined ? {} : { at: timeOf(at, '--at') };
  return {
    cluster,
    ...(isId(what) ? { source: await sourceOf(what, cluster), pick: { id: what } } : { source: what }),
    ...moment,
    ...(host !== undefined && { host }),
    ...(on !== undefined && { on }),
    ...(to !== undefined && { folder: to }),
    ...(asTheyAre && { asTheyAre }),
  };
}

function factsOf({
  id,
  host,
  kind,
  parent,
  at,
  seconds,
  holds,
  proof,
  snapshot,
  run,
  ...sizes
}: Listed): string[] {
  const [, , , age = '', size = '', grew = ''] = entryCells(
    { id, host, kind, at, ...sizes },
    proof ?? undefined,
    Date.now(),
  );
  return columns([
    ['backup', id],
    ['host', host],
    ['kind', parent === null ? kind : `${kind}, on ${parent}`],
    ['holds', `${at} (${age} ago): ${holds}, ${size}`],
    ['store', `${grew}; taken and read back in ${ageText(seconds * 1_000)}`],
    ['proven', proof ? `${proof.at}: it could be used after ${ageText(proof.seconds * 1_000)}` : 'never'],
    ['restic', `snapshot ${snapshot}`],
    ['made by', run],
  ]);
}

function servingText({ host, chain, at, until, notTaken }: Serving, moment: string): string[] {
  if (until !== undefined)
    return [
      `${host}: ${chain.join(', then ')}, with the binary logs up to ${until}: nothing before it is lost`,
    ];
  const lost = at === null ? 0 : Date.parse(moment) - Date.parse(at);
  const head =
    at === null
      ? `${host}: no backup brings ${moment} back`
      : `${host}: ${chain.join(', then ')}, which ${chain.length > 1 ? 'hold' : 'holds'} ${at}: what came in the ${ageText(lost)} after it is lost`;
  return [head, ...notTaken.map((text) => `  ${text}`)];
}
