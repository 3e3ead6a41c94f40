import { ConfigCanaryInput } from '../../contracts/inputs/config-canary';
import type { ChangeRecord } from '../../contracts/config-set';
import { PawlError, type Mistake } from '../../contracts/failures';
import type { ConfigIntent, Plan, PlannedConfig, PlannedHost, PlannedStep } from '../../contracts/plan';
import { openCentre, renderAll, type ConfigRepository, type Rendered } from '../../adapters/config-centre';
import { stateOf } from '../../adapters/config-centre/state';
import { secretIn } from '../../adapters/secrets';
import { failureBudget, planBatches, unavailableCap } from '../../domain/batches';
import { grouped } from '../../domain/config/patch';
import { badInput } from '../../domain/mistakes';
import { shortened } from '../../domain/shortened';
import { differences } from '../config-look';
import { marksOf } from '../out-of-service';
import type { World } from '../world';
import { hostsOf } from '../world';
import { chooseHosts, commonIntent, planOf, sameFor, serviceNamed, settingsOf } from './common';
import { judgeRights } from './config-rights';
import { plannedGate, uncounted } from './gate';
import { parsePlanInput } from './input';
import { loadNotes } from './load';
import { mustServe, observeHost, sayWhyOut } from './observe';

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
  const chosen = input.hosts ? chooseHosts(input.hosts, all, mistakes) : all;
  const wanted = await wantedFiles(input, world, mistakes, signal);
  const rights = await judged(input, world, chosen, wanted, signal);
  mistakes.push(...rights.mistakes);
  for (const { name } of chosen)
    if (wanted && !wanted.files.has(name)) mistakes.push(noFiles(input.service, name));
  const [seen, marks, looks] = await Promise.all([
    Promise.all(chosen.map((host) => observeHost(world, service, host, signal, mustServe))),
    marksOf(world, input.service, signal),
    Promise.all(chosen.map((host) => lookAt(world, host, wanted?.files.get(host.name) ?? [], signal))),
  ]);
  const differs = new Set(chosen.filter((_, at) => looks[at]!.length > 0).map(({ name }) => name));
  const coming = seen.filter(({ host }) => differs.has(host.name));
  const carrying = seen.filter(({ host }) => !differs.has(host.name));
  const order = [...carrying, ...coming].map(({ host }) => host.name);
  const batches = planBatches(input.batches, order, carrying.length);
  mistakes.push(...batches.mistakes);
  const cap = unavailableCap(input.maxUnavailable, all.length);
  if (cap >= all.length) mistakes.push(nobodyServing(cap, all.length));
  const settings = settingsOf(input, service, mistakes);
  const unready = seen.flatMap(({ host, mistakes }) => sayWhyOut(mistakes, marks[host.name], host.name));
  if (mistakes.length || !wanted) throw badInput([...unready, ...mistakes]);
  const { minHealthySeconds, soakSeconds, watchSeconds } = input;
  const { config, record } = wanted;
  // whoever asks, it is the same change
  const { by: _by, ...asked } = input;
  const intent: ConfigIntent = {
    workflow: 'configCanary',
    ...commonIntent(input, world, service),
    about: `configuration ${input.revision} (${record.what})`,
    config,
    hosts: coming.map(({ host }) => host),
    batches: batches.batches,
    maxUnavailable: cap,
    ...(service.capacity && { capacity: service.capacity }),
    steps: STEPS,
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
    ...(input.by === undefined ? [] : [`asked for by ${input.by}`]),
    ...rights.notes,
    ...grouped(looks.flat()).map(({ hosts, text }) => `on ${hosts.join(', ')}:\n${text}`),
    ...batches.notes,
    ...carrying.map(({ host }) => `${host.name} has these files already and is left alone`),
    ...uncounted(world, input.gate, service),
    ...(intent.capacity ? await loadNotes(world, input.service, signal) : []),
    ...shortened(ConfigCanaryInput, input),
  ];
  return planOf({
    intent,
    same: sameFor(asked, world, { commit: config.commit }),
    unready,
    seen: coming,
    notes,
  });
}

function nobodyServing(cap: number, all: number): Mistake {
  const rule = `would take ${cap} of ${all} hosts out at once and leave nobody serving`;
  return { code: 'nobodyServing', path: 'maxUnavailable', value: String(cap), rule };
}

function noFiles(service: string, host: string): Mistake {
  const rule = `the config centre has no files for it: the role in ${service}/config.yaml is another one`;
  return { code: 'noFiles', path: `hosts.${host}`, value: host, rule };
}

interface WantedFiles {
  centre: ConfigRepository;
  config: PlannedConfig;
  record: ChangeRecord;
  files: Map<string, Rendered[]>;
}

/** Whether it was changed by people who may; their keys may be wrong, too. */
async function judged(
  { by, record, revision }: ConfigCanaryInput,
  world: World,
  hosts: PlannedHost[],
  wanted: WantedFiles | undefined,
  signal: AbortSignal,
): Promise<{ mistakes: Mistake[]; notes: string[] }> {
  const none = { mistakes: [], notes: [] };
  if (!wanted) return none;
  const asked = { ...wanted, hosts, by, ...(record === undefined && { tag: revision }) };
  const mistakes: Mistake[] = [];
  const found = await tellingMistakes(mistakes, () => judgeRights(world, asked, signal));
  return found ?? { ...none, mistakes };
}

/** What is wrong in the config centre is told beside what is wrong elsewhere. */
async function wantedFiles(
  input: ConfigCanaryInput,
  world: World,
  mistakes: Mistake[],
  signal: AbortSignal,
): Promise<WantedFiles | undefined> {
  return tellingMistakes(mistakes, async () => {
    const centre = await openCentre(world, { signal });
    const commit = await centre.commitOf(input.revision);
    const record = await recordOf(input, centre, commit);
    if (!record) {
      const rule =
        'needed: what, why, impact and rollback; `pawl config tag` makes a release that carries them';
      mistakes.push({ code: 'missing', path: 'record', value: 'nothing', rule });
    }
    const revision = await centre.revisionOf(input.service, commit);
    const tree = await centre.treeOf(input.service, commit);
    const wanted = { cluster: world.cluster, service: input.service, tree, revision };
    const files = await renderAll(wanted, (reference) => secretIn(reference, world.folder));
    const states = Object.fromEntries([...files].map(([host, list]) => [host, stateOf(list).name]));
    return record && { centre, config: { set: input.service, commit, revision, states }, record, files };
  });
}

/** @returns undefined where there are mistakes, which are told with all others */
async function tellingMistakes<T>(mistakes: Mistake[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const told =
      error instanceof PawlError && (error.details as { mistakes?: Mistake[] } | undefined)?.mistakes;
    if (!told) throw error;
    mistakes.push(...told);
    return undefined;
  }
}

async function recordOf(
  { record, revision, service }: ConfigCanaryInput,
  centre: ConfigRepository,
  commit: string,
): Promise<ChangeRecord | undefined> {
  if (record) return record;
  const releases = await centre.releases(service);
  return releases.find((release) => release.tag === revision && release.commit === commit)?.record;
}

/** @returns what is otherwise there, in words; nothing where the host cannot be reached: that is told already */
async function lookAt(
  world: World,
  { name }: PlannedHost,
  files: Rendered[],
  signal: AbortSignal,
): Promise<{ host: string; text: string }[]> {
  try {
    return (await differences(world.hosts.on(name), files, signal)).map((text) => ({ host: name, text }));
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    return [{ host: name, text: `its files could not be looked at: ${error.message}` }];
  }
}
