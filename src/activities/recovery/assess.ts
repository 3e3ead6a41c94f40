/** How hosts are, measured: what is well is said, too. Changes nothing. */
import type { BackupSource } from '../../contracts/backups';
import type { Looked, Subject } from '../../contracts/recovery';
import { badInput, unknownName } from '../../domain/mistakes';
import { withClocks, withPeers, type Running } from '../../domain/recovery/beside';
import type { Judged } from '../../domain/recovery/damage';
import { levelOf } from '../../domain/recovery/limits';
import { abreast } from '../abreast';
import { sourceNamed } from '../backups/source';
import type { World } from '../world';
import { configOn, openConfigs, type Centre } from './configs';
import { exposureOf } from './exposure';
import { damaged, looked, unknown, type Look } from './look';
import { lookAtMachine, packagesOf, type Machine } from './machine';
import { serviceOn } from './services';
import { openCatalogues, sourceOn, type Catalogues } from './sources';

/** Hosts that are looked at side by side. */
const ABREAST = 8;
/** Milliseconds for the host itself; a login that is refused takes its ten. */
const MACHINE_WITHIN = 60_000;

/**
 * One entry for each host and subject, in the order of the cluster file.
 *
 * @param asked.hosts default: all but the store of backups
 * @param asked.only default: all that a host has; itself is looked at in any case
 * @throws BadInput where the cluster file does not know one of them
 */
export async function assessDamage(
  world: World,
  asked: { hosts?: string[]; only?: Subject['kind'] },
  signal: AbortSignal,
  progress: (says: string) => void = () => undefined,
): Promise<Looked[]> {
  const hosts = chosen(world, asked.hosts);
  const centre = await openConfigs(world, signal);
  const catalogues = openCatalogues(world, signal);
  const running: Running[] = [];
  let done = 0;
  const all = await abreast(ABREAST, hosts, async (host) => {
    const tell = (one: Running) => void running.push(one);
    const looks = looksOf(world, host, { centre, catalogues, tell });
    const wanted = looks.filter(({ subject }) => (asked.only ?? subject.kind) === subject.kind);
    const seen = await lookAtHost(world, host, wanted, signal);
    progress(`${(done += 1)} of ${hosts.length} hosts`);
    return { host, ...seen };
  });
  const offsets = Object.fromEntries(
    all.flatMap(({ host, offset }): [string, number][] => (offset === null ? [] : [[host, offset]])),
  );
  const entries = all.flatMap((one) => one.entries);
  return withPeers(withClocks(entries, offsets), running);
}

function chosen({ cluster }: World, names: string[] | undefined): string[] {
  const known = Object.keys(cluster.hosts);
  if (!names) return known.filter((name) => name !== cluster.backups?.store.host);
  const mistakes = names.flatMap((name, index) =>
    known.includes(name) ? [] : [unknownName(`hosts.${index}`, name, known)],
  );
  if (mistakes.length > 0) throw badInput(mistakes);
  return known.filter((name) => names.includes(name));
}

interface Common {
  centre: Centre;
  catalogues: Catalogues;
  tell: (running: Running) => void;
}

/** All that a host has, but itself. */
function looksOf(world: World, host: string, { centre, catalogues, tell }: Common): Look[] {
  const { cluster } = world;
  const { roles } = cluster.hosts[host]!;
  const services = Object.keys(cluster.services).filter((name) =>
    roles.includes(cluster.services[name]!.role),
  );
  const sources = Object.keys(cluster.backups?.sources ?? {}).filter((name) =>
    sourceNamed(world, name).hosts.includes(host),
  );
  return [
    ...services.map((name) => serviceOn(world, host, name, tell)),
    ...services.flatMap((name) => configOn(world, host, name, centre) ?? []),
    ...sources.map((name) => sourceOn(world, host, name, catalogues)),
    packagesOf(world, host),
    exposureOf(world, host),
  ];
}

async function lookAtHost(
  world: World,
  host: string,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<{ entries: Looked[]; offset: number | null }> {
  const sources: Record<string, BackupSource> = world.cluster.backups?.sources ?? {};
  const entry = (subject: Subject, judged: Judged): Looked => {
    return { host, level: levelOf(subject, sources), subject, ...judged };
  };
  let machine: Machine | undefined;
  const itself = await looked(
    {
      withinMs: MACHINE_WITHIN,
      work: async (end) => (machine = await lookAtMachine(world, host, end)).judged,
    },
    signal,
  );
  // one that gave no answer in its time is none that nobody looked at
  const self = machine ? itself : damaged(`does not answer by SSH: ${itself.found.join('; ')}`);
  const entries = [entry({ kind: 'host' }, self)];
  for (const look of looks) {
    const { subject = look.subject, ...found }: Awaited<ReturnType<typeof looked>> = machine?.answers
      ? await looked(look, signal)
      : unknown('its host does not answer');
    entries.push(entry(subject, found));
  }
  return { entries, offset: machine?.offset ?? null };
}
