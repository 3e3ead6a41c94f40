import type { Command } from 'commander';
import { loadCluster, type LoadedCluster } from '../../adapters/cluster-file';
import {
  openEdited,
  renderAll,
  sideOf,
  type ConfigRepository,
  type Rendered,
} from '../../adapters/config-centre';
import { isUrl } from '../../contracts/config-centre';
import { Name } from '../../contracts/names';
import { ChangeRecord } from '../../contracts/config-set';
import { PawlError, type Mistake } from '../../contracts/failures';
import { grouped, patchOf } from '../../domain/config/patch';
import { badInput, escaped, parseInput, unknownName } from '../../domain/mistakes';
import type { Cli } from '../cli';
import { signaturesOf, type Signatures } from '../config-signatures';
import { diffLines } from '../draw';
import { mistakesIn } from '../errors';
import { EXIT } from '../exit-codes';
import { harmless } from '../width';

const WORKING = 'working tree';
const FILE = ['<cluster>', 'the cluster file; its `config.repository` is the config centre'] as const;
const CLONE = [
  '--clone <folder>',
  'of the repository, instead of the one that the cluster file names',
] as const;
const SERVICE = ['<service>', 'a folder of the config centre'] as const;

interface At {
  cluster: LoadedCluster;
  centre: ConfigRepository;
}

/** What people do with configuration before a change brings it to hosts. It asks no host and no server. */
export function addConfig(program: Command, { terminal, action }: Cli): void {
  const config = program
    .command('config')
    .helpGroup('Files:')
    .description('look at what the config centre says hosts shall have')
    .helpCommand(false);
  config
    .command('lint')
    .description('check all templates and values for every host; every mistake with its line')
    .argument(...FILE)
    .argument('[services...]', 'default: all')
    .option('--revision <ref>', `a tag, a branch or a commit; default: the ${WORKING}`)
    .option('--json', 'machine readable')
    .option(...CLONE)
    .action(action((file: string, services: string[], options: Options) => lint(file, services, options)));
  config
    .command('render')
    .description('print the files of a host; secrets are shown as references')
    .argument(...FILE)
    .argument(...SERVICE)
    .requiredOption('--host <host>')
    .option('--revision <ref>', `default: the ${WORKING}`)
    .option('--json', 'machine readable')
    .option(...CLONE)
    .action(action((file: string, service: string, options: Options) => render(file, service, options)));
  config
    .command('diff')
    .description('what is different between two revisions, host by host')
    .argument(...FILE)
    .argument(...SERVICE)
    .argument('[from]', 'default: the newest release')
    .argument('[to]', `default: the ${WORKING}`)
    .option(...CLONE)
    .action(
      action(
        (file: string, service: string, from: string | undefined, to: string | undefined, options: Options) =>
          diff(file, service, options, from, to),
      ),
    );
  config
    .command('history')
    .description('releases of a service’s configuration, with what, why, impact and rollback')
    .argument(...FILE)
    .argument(...SERVICE)
    .option('--json', 'machine readable')
    .option(...CLONE)
    .action(action((file: string, service: string, options: Options) => history(file, service, options)));
  config
    .command('tag')
    .description('make a release: a tag that carries its change record')
    .argument(...FILE)
    .argument(...SERVICE)
    .requiredOption('--what <text>', 'what is changed')
    .requiredOption('--why <text>', 'why it is changed')
    .requiredOption('--impact <text>', 'what users and hosts notice')
    .requiredOption('--rollback <text>', 'how it is taken back')
    .option('--revision <ref>', 'what is released', 'HEAD')
    .option(...CLONE)
    .action(
      action((file: string, service: string, options: Options & ChangeRecord) => tag(file, service, options)),
    );

  async function lint(file: string, named: string[], { revision, json, clone }: Options): Promise<number> {
    const at = await open(file, clone);
    const services = named.length > 0 ? named : await at.centre.services(revision);
    const counted: Record<string, { hosts: number; files: number; signatures?: Signatures }> = {};
    const mistakes: Mistake[] = [];
    for (const service of services)
      try {
        const hosts = await rendered(at, service, revision);
        const files = [...hosts.values()][0]?.length ?? 0;
        counted[service] = {
          hosts: hosts.size,
          files,
          ...(await signaturesOf(at, service, revision ?? 'HEAD')),
        };
      } catch (error) {
        const found = error instanceof PawlError ? mistakesIn(error.details) : [];
        if (found.length === 0) throw error;
        mistakes.push(...found);
      }
    if (mistakes.length > 0) throw badInput(mistakes);
    const { green } = terminal.colours;
    if (json) terminal.print(`${JSON.stringify({ ok: true, services: counted })}\n`);
    else
      for (const [service, { hosts, files, signatures }] of Object.entries(counted)) {
        terminal.print(`${green('ok')}: ${service}: ${files} files on each of ${hosts} hosts\n`);
        if (signatures) terminal.print(`  last change: ${harmless(signatures['commit'] ?? '')}\n`);
      }
    return EXIT.done;
  }

  async function render(
    file: string,
    service: string,
    { host = '', revision, json, clone }: Options,
  ): Promise<number> {
    const at = await open(file, clone);
    const hosts = await rendered(at, service, revision);
    const files = hosts.get(host);
    if (!files) throw badInput([unknownName('--host', host, [...hosts.keys()])]);
    if (json) terminal.print(`${JSON.stringify({ host, files: files.map(asJson) })}\n`);
    else terminal.print(files.map(asText).join('\n'));
    return EXIT.done;
  }

  async function diff(
    file: string,
    service: string,
    { clone }: Options,
    from?: string,
    to?: string,
  ): Promise<number> {
    const at = await open(file, clone);
    const since = from ?? (await at.centre.releases(service))[0]?.tag;
    if (since === undefined) {
      const rule = 'there is no release yet: name a revision';
      throw badInput([{ code: 'missing', path: 'from', value: 'nothing', rule }]);
    }
    const [before, after] = [await rendered(at, service, since), await rendered(at, service, to)];
    const patches = differences(before, after);
    if (patches.length === 0) terminal.print(`no file of ${service} is different\n`);
    for (const { text, hosts } of patches)
      terminal.print(
        `${terminal.colours.bold(`on ${hosts.join(', ')}`)}\n${diffLines(text, terminal.colours).join('\n')}\n`,
      );
    return EXIT.done;
  }

  async function history(file: string, service: string, { json, clone }: Options): Promise<number> {
    const at = await open(file, clone);
    const releases = await Promise.all(
      (await at.centre.releases(service)).map(async (release) => ({
        ...release,
        ...(await signaturesOf(at, service, release.commit, release)),
      })),
    );
    if (json) {
      terminal.print(`${JSON.stringify(releases)}\n`);
      return EXIT.done;
    }
    if (releases.length === 0)
      terminal.print(`${service} has no release yet; \`pawl config tag\` makes one\n`);
    for (const { tag: name, commit, at: when, by, record, signatures } of releases) {
      terminal.print(`${terminal.colours.bold(name)} ${commit.slice(0, 12)} ${when} by ${harmless(by)}\n`);
      for (const [what, text] of Object.entries(signatures ?? {}))
        terminal.print(`  ${what === 'commit' ? 'last change' : what}: ${harmless(text)}\n`);
      const lines = record ? Object.entries(record) : [['record', 'none']];
      for (const [title, text] of lines) terminal.print(`  ${title}: ${harmless(text ?? '')}\n`);
    }
    return EXIT.done;
  }

  async function tag(file: string, service: string, options: Options & ChangeRecord): Promise<number> {
    const { what, why, impact, rollback, revision = 'HEAD', clone } = options;
    const record = parseInput(ChangeRecord, { what, why, impact, rollback });
    const at = await open(file, clone);
    if (clone === undefined && isUrl(at.cluster.cluster.config!.repository)) throw badInput([noClone()]);
    // what cannot be rendered is no release
    await rendered(at, service, revision);
    const name = nextTag(
      service,
      (await at.centre.releases(service)).map((release) => release.tag),
      new Date(),
    );
    await at.centre.release(name, await at.centre.commitOf(revision), record);
    terminal.print(`${name}\n`);
    return EXIT.done;
  }
}

interface Options {
  revision?: string;
  host?: string;
  json?: boolean;
  clone?: string;
}

async function open(file: string, clone?: string): Promise<At> {
  const cluster = await loadCluster(file);
  return { cluster, centre: await openEdited(cluster, clone) };
}

const noClone = (): Mistake => ({
  ...{ code: 'noClone', path: '--clone', value: 'nothing' },
  rule: 'the repository is at a URL: name a clone of it, and push the tag from there',
});

async function rendered(
  { cluster, centre }: At,
  service: string,
  ref?: string,
): Promise<Map<string, Rendered[]>> {
  if (!Name.safeParse(service).success) throw badInput([noService(service)]);
  const commit = await centre.commitOf(ref ?? 'HEAD');
  const tree = ref === undefined ? await centre.workingTree(service) : await centre.treeOf(service, commit);
  const revision = await centre.revisionOf(service, commit);
  return renderAll({ cluster: cluster.cluster, service, tree, revision });
}

const noService = (name: string): Mistake => ({
  ...{ code: 'invalidName', path: 'service', value: escaped(name) },
  rule: 'the name of a folder in the config centre',
});

/** `web/2026-11-29.2`: the second one of that day. */
function nextTag(service: string, taken: readonly string[], now: Date): string {
  const day = `${service}/${now.toISOString().slice(0, 10)}`;
  const numbers = taken.flatMap((tag) =>
    tag.startsWith(`${day}.`) ? Number(tag.slice(day.length + 1)) || 0 : [],
  );
  return `${day}.${Math.max(0, ...numbers) + 1}`;
}

function differences(before: Map<string, Rendered[]>, after: Map<string, Rendered[]>) {
  const hosts = [...new Set([...before.keys(), ...after.keys()])];
  return grouped(
    hosts.flatMap((host) => {
      const [old, fresh] = [byPath(before.get(host)), byPath(after.get(host))];
      const paths = [...new Set([...old.keys(), ...fresh.keys()])];
      return paths.flatMap((path) => {
        const [from, to] = [old.get(path), fresh.get(path)];
        const hidden = from?.target.sensitive || to?.target.sensitive;
        const text = patchOf(path, sideOf(from), sideOf(to), hidden);
        return text === undefined ? [] : [{ host, text }];
      });
    }),
  );
}

const byPath = (files: Rendered[] = []) => new Map(files.map((file) => [file.target.path, file]));

const asJson = ({ target, bytes }: Rendered) => ({
  ...{ path: target.path, owner: target.owner, group: target.group, mode: target.mode },
  content: bytes.toString('utf8'),
});

const asText = ({ target, bytes }: Rendered) =>
  `# ${target.path} ${target.owner}:${target.group} ${target.mode}\n${bytes.toString('utf8').trimEnd()}\n`;
