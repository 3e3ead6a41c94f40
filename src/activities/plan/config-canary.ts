import { ConfigCanaryInput } from '../../contracts/inputs/config-canary';
import type { ChangeRecord } from '../../contracts/config-set';
import { PawlError, type Mistake } from '../../contracts/failures';
import type {
  ConfigIntent,
  GoneFile,
  Plan,
  PlannedConfig,
  PlannedHost,
  PlannedStep,
} from '../../contracts/plan';
import { openCentre, renderAll, type ConfigRepository, type Rendered } from '../../adapters/config-centre';
import { whyOut } from '../../adapters/config-centre/in-place';
import { stateOf } from '../../adapters/config-centre/state';
import { secretIn } from '../../adapters/secrets';
import { failureBudget, planBatches, unavailableCap } from '../../domain/batches';
import { grouped, shownDiffs } from '../../domain/config/patch';
import { badInput } from '../../domain/mistakes';
import { shortened } from '../../domain/shortened';
import { configFolder } from '../config';
import { differences, type Different } from '../config-look';
import { marksOf } from '../out-of-service';
import type { World } from '../world';
import { hostsOf } from '../world';
import { chooseHosts, commonIntent, planOf, sameFor, serviceNamed, settingsOf } from './common';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { loadNotes } from './load';
import { mustBeOut, mustServe, observeHost, sayWhyOut } from './observe';

const STEPS: PlannedStep[] = [
  {
    id: 'stageConfig',
    does: 'bring the files beside those in use; the host’s own programs check them in place of those',
    undo: 'none needed: nothing reads them',
  },
  {
    id: 'takeOut',
    does: 'drain on every balancer, then out of rotation',
    undo: 'back into rotation with its weights',
  },
  {
    id: 'switchConfig',
    does: 'all files or none, then reload, restart or run what reads them',
    undo: 'out, the host’s own files of before, what reads them, prove healthy',
  },
  { id: 'proveHealthy', does: 'unit, port, health, version, own checks', undo: 'none needed: it only looks' },
  {
    id: 'proveServed',
    does: 'services answer with the new configuration',
    undo: 'none needed: it only looks',
  },
  {
    id: 'putBack',
    does: 'back into rotation, exactly up on every balancer',
    undo: 'drain, then out of rotation',
  },
];

const IN_PLACE = 'in rotation during their switch: nothing of theirs is restarted';

/** Checks the shape of an input; every mistake at once. */
export function parseConfigCanary(raw: unknown): ConfigCanaryInput {
  return parsePlanInput(ConfigCanaryInput, raw);
}

/** Plans which hosts get which files. Reads the config centre, hosts and balancers; changes nothing, tells all mistakes at once. */
export async function planConfig(
  input: ConfigCanaryInput,
  world: World,
  signal: AbortSignal,
): Promise<Plan<ConfigIntent>> {
  const service = serviceNamed(world, input.service);
  const mistakes: Mistake[] = [];
  const all = hostsOf(world.cluster, input.service);
  const { testHost } = input;
  const [test] = testHost === undefined ? [] : chooseHosts([testHost], all, mistakes, () => 'testHost');
  const serving = all.filter(({ name }) => name !== testHost);
  const ordered = input.hosts ? chooseHosts(input.hosts, serving, mistakes) : serving;
  const chosen = [...(test ? [test] : []), ...ordered];
  const wanted = await wantedFiles(input, world, mistakes);
  for (const { name } of chosen)
    if (wanted && !wanted.files.has(name)) mistakes.push(noFiles(setOf(input), name));
  const [seen, marks, looks] = await Promise.all([
    Promise.all(
      chosen.map((host) => observeHost(world, service, host, signal, host === test ? mustBeOut : mustServe)),
    ),
    marksOf(world, input.service, signal),
    Promise.all(chosen.map((host) => lookAt(world, input, host, wanted?.files.get(host.name) ?? [], signal))),
  ]);
  const differs = new Set(chosen.filter((_, at) => looks[at]!.length > 0).map(({ name }) => name));
  const coming = seen.filter(({ host }) => differs.has(host.name));
  const carrying = seen.filter(({ host }) => !differs.has(host.name));
  const inBatches = (list: typeof seen) =>
    list.map(({ host }) => host.name).filter((name) => name !== testHost);
  const order = [...inBatches(carrying), ...inBatches(coming)];
  const batches = planBatches(input.batches, order, inBatches(carrying).length);
  mistakes.push(...batches.mistakes);
  const cap = unavailableCap(input.maxUnavailable, serving.length);
  if (cap >= serving.length) mistakes.push(nobodyServing(cap, serving.length));
  const settings = settingsOf(input, service, mistakes);
  const unready = seen.flatMap(({ host, mistakes }) =>
    host === test ? mistakes : sayWhyOut(mistakes, marks[host.name], host.name),
  );
  if (mistakes.length || !wanted) throw badInput([...unready, ...mistakes]);
  const { minHealthySeconds, soakSeconds, watchSeconds } = input;
  const { record, files } = wanted;
  const gone = goneBy(looks.flat());
  const ways = coming
    .filter(({ host }) => host !== test)
    .map(({ host: { name } }) => {
      const paths = looks.flat().flatMap(({ host, path }) => (host === name ? [path] : []));
      return { host: name, why: whyOut(files.get(name)!, service.unit, paths, gone[name]) };
    });
  const inPlace = ways.filter(({ why }) => why.length === 0).map(({ host }) => host);
  const states = Object.fromEntries(
    coming.map(({ host: { name } }) => [name, stateOf(files.get(name)!, gone[name]).name]),
  );
  const config = {
    ...wanted.config,
    states,
    inPlace,
    ...(test && { testHost: test.name }),
    ...(Object.keys(gone).length > 0 && { gone }),
  };
  const intent: ConfigIntent = {
    workflow: 'configCanary',
    ...commonIntent(input, world, service),
    about: `configuration ${input.set ? `${input.set} at ` : ''}${input.revision} (${record.what})`,
    config,
    hosts: coming.map(({ host }) => host),
    batches: batches.batches,
    maxUnavailable: cap,
    ...(service.capacity && { capacity: service.capacity }),
    steps: STEPS.filter(({ id }) => id !== 'takeOut' || inPlace.length < ways.length),
    checks: input.checks,
    gate: plannedGate(input, service),
    settings: {
      ...settings,
      ...{ minHealthySeconds, soakSeconds, watchSeconds },
      failureBudget: failureBudget(input.failureBudget, coming.length),
    },
  };
  const notes = [
    ...Object.entries(record).map(([title, text]) => `${title}: ${text}`),
    ...(test ? [`${test.name} is the test host: before any other is touched, the files are used there`] : []),
    ...wayNotes(ways),
    ...batches.notes,
    ...carrying.map(({ host }) => `${host.name} has these files already and is left alone`),
    ...uncounted(world, input.gate, service),
    ...(intent.capacity ? await loadNotes(world, input.service, signal) : []),
    ...shortened(ConfigCanaryInput, input),
  ];
  const diffs = shownDiffs(looks.flat());
  return planOf({
    intent,
    same: sameFor(input, world, { commit: config.commit }),
    unready,
    seen: coming,
    notes,
    ...(diffs && { diffs }),
  });
}

/** By host, the files that are to be removed from it. */
function goneBy(looks: readonly (Different & { host: string })[]): Record<string, GoneFile[]> {
  const by: Record<string, GoneFile[]> = {};
  for (const { host, gone } of looks) if (gone) (by[host] ??= []).push(gone);
  return by;
}

interface Way {
  host: string;
  /** what it leaves rotation for */
  why: string[];
}

function wayNotes(ways: readonly Way[]): string[] {
  const texts = ways.map(({ host, why }) => ({
    host,
    text: why.length > 0 ? `out of rotation for their switch: ${why.join(', ')}` : IN_PLACE,
  }));
  return grouped(texts).map(({ hosts, text }) => `${hosts.join(', ')}: ${text}`);
}

function nobodyServing(cap: number, all: number): Mistake {
  const rule = `would take ${cap} of ${all} hosts out at once and leave nobody serving`;
  return { code: 'nobodyServing', path: 'maxUnavailable', value: String(cap), rule };
}

const setOf = ({ set, service }: Pick<ConfigCanaryInput, 'set' | 'service'>) => set ?? service;

function noFiles(set: string, host: string): Mistake {
  const rule = `the config centre has no files for it: the role in ${set}/config.yaml is another one`;
  return { code: 'noFiles', path: `hosts.${host}`, value: host, rule };
}

interface WantedFiles {
  config: Pick<PlannedConfig, 'set' | 'commit' | 'revision'>;
  record: ChangeRecord;
  files: Map<string, Rendered[]>;
}

/** What is wrong in the config centre is told beside what is wrong elsewhere. */
async function wantedFiles(
  input: ConfigCanaryInput,
  world: World,
  mistakes: Mistake[],
): Promise<WantedFiles | undefined> {
  try {
    const centre = await openCentre(world);
    const commit = await centre.commitOf(input.revision);
    const record = await recordOf(input, centre, commit);
    if (!record) {
      const rule =
        'needed: what, why, impact and rollback; `pawl config tag` makes a release that carries them';
      mistakes.push({ code: 'missing', path: 'record', value: 'nothing', rule });
    }
    const set = setOf(input);
    const revision = await centre.revisionOf(set, commit);
    const tree = await centre.treeOf(set, commit);
    const wanted = { cluster: world.cluster, service: set, tree, revision };
    const files = await renderAll(wanted, (reference) => secretIn(reference, world.folder));
    return record && { config: { set, commit, revision }, record, files };
  } catch (error) {
    const told =
      error instanceof PawlError && (error.details as { mistakes?: Mistake[] } | undefined)?.mistakes;
    if (!told) throw error;
    mistakes.push(...told);
    return undefined;
  }
}

async function recordOf(
  { record, revision, ...input }: ConfigCanaryInput,
  centre: ConfigRepository,
  commit: string,
): Promise<ChangeRecord | undefined> {
  if (record) return record;
  const releases = await centre.releases(setOf(input));
  return releases.find((release) => release.tag === revision && release.commit === commit)?.record;
}

/** @returns what is otherwise there, in words; nothing where the host cannot be reached: that is told already */
async function lookAt(
  world: World,
  input: ConfigCanaryInput,
  { name }: PlannedHost,
  files: Rendered[],
  signal: AbortSignal,
): Promise<(Different & { host: string })[]> {
  try {
    return (await differences(world.hosts.on(name), files, signal, configFolder(setOf(input)))).map(
      (one) => ({
        ...one,
        host: name,
      }),
    );
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    const text = `its files could not be looked at: ${error.message}`;
    return files.map(({ target: { path } }) => ({ host: name, path, text }));
  }
}
