import { ConfigCanaryInput } from '../../contracts/inputs/config-canary';
import type { Service } from '../../contracts/cluster';
import type { Mistake } from '../../contracts/failures';
import type { ConfigIntent, Plan, PlannedHost, PlannedStep } from '../../contracts/plan';
import { whyOut } from '../../adapters/config-centre/in-place';
import { failureBudget, planBatches, unavailableCap } from '../../domain/batches';
import { grouped, shownDiffs } from '../../domain/config/patch';
import { badInput } from '../../domain/mistakes';
import { shortened } from '../../domain/shortened';
import { marksOf } from '../out-of-service';
import { stableOf } from '../stable';
import type { World } from '../world';
import { hostsOf } from '../world';
import {
  chooseHosts,
  commonIntent,
  isWhole,
  notDrained,
  planOf,
  sameFor,
  serviceNamed,
  settingsOf,
} from './common';
import type { ConfigFiles } from './config-files';
import { configFiles, setOf } from './config-files';
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
  const judge = (host: PlannedHost) => (host === test ? mustBeOut : mustServe);
  const [wanted, seen, marks, stable] = await Promise.all([
    configFiles(input, chosen, world, signal, mistakes),
    Promise.all(chosen.map((host) => observeHost(world, service, host, signal, judge(host)))),
    marksOf(world, input.service, signal),
    stableOf(world, input.service, signal),
  ]);
  const differs = new Set(wanted?.looks.map(({ host }) => host));
  const coming = seen.filter(({ host }) => differs.has(host.name));
  const carrying = seen.filter(({ host }) => !differs.has(host.name));
  const inBatches = (list: typeof seen) =>
    list.map(({ host }) => host.name).filter((name) => name !== testHost);
  const order = [...inBatches(carrying), ...inBatches(coming)];
  const batches = planBatches(input.batches, order, inBatches(carrying).length);
  mistakes.push(...batches.mistakes);
  const cap = unavailableCap(input.maxUnavailable, serving.length);
  if (service.routes.length > 0 && cap >= serving.length) mistakes.push(nobodyServing(cap, serving.length));
  const settings = settingsOf(input, service, mistakes);
  const unready = seen.flatMap(({ host, mistakes }) =>
    host === test ? mistakes : sayWhyOut(mistakes, marks[host.name], host.name),
  );
  if (mistakes.length || !wanted) throw badInput([...unready, ...mistakes]);
  const { minHealthySeconds, soakSeconds, watchSeconds } = input;
  const { what, looks, config } = wanted;
  // whoever asks, it is the same change
  const { by: _by, ...asked } = input;
  const ways = coming
    .filter(({ host }) => host !== test)
    .map(({ host: { name } }) => ({ host: name, why: whyLeave(wanted, name, service.unit) }));
  const inPlace = ways.filter(({ why }) => why.length === 0).map(({ host }) => host);
  const has = carrying.map(({ host }) => host.name);
  const intent: ConfigIntent = {
    workflow: 'configCanary',
    ...commonIntent(input, world, service),
    about: `configuration ${input.set ? `${input.set} at ` : ''}${input.revision} (${what})`,
    config: {
      ...config,
      inPlace,
      ...(test && { testHost: test.name }),
      ...(has.length && { has }),
    },
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
    ...wanted.notes,
    ...(test ? [`${test.name} is the test host: before any other is touched, the files are used there`] : []),
    ...wayNotes(ways, service),
    ...notDrained(service),
    ...batches.notes,
    ...carrying.map(({ host }) => `${host.name} has these files already and is left alone`),
    ...uncounted(world, input.gate, service),
    ...(intent.capacity ? await loadNotes(world, input.service, signal) : []),
    ...shortened(ConfigCanaryInput, input),
  ];
  const diffs = shownDiffs(looks);
  // another set than that of the service is no part of its releases
  const proves = setOf(input) === input.service && isWhole(all, chosen, marks);
  return planOf({
    intent,
    same: sameFor(asked, world, { commit: config.commit }),
    unready,
    seen: coming,
    notes,
    ...(proves && { stable }),
    ...(diffs && { diffs }),
  });
}

function whyLeave({ looks, files, config }: ConfigFiles, name: string, unit: string): string[] {
  const paths = looks.flatMap(({ host, path }) => (host === name ? [path] : []));
  return whyOut(files.get(name)!, unit, paths, config.gone?.[name]);
}

interface Way {
  host: string;
  /** what it leaves rotation for */
  why: string[];
}

function wayNotes(ways: readonly Way[], { routes }: Service): string[] {
  const leaves = routes.length > 0 ? 'out of rotation for their switch' : 'what follows the switch';
  const texts = ways.map(({ host, why }) => ({
    host,
    text: why.length > 0 ? `${leaves}: ${why.join(', ')}` : IN_PLACE,
  }));
  return grouped(texts).map(({ hosts, text }) => `${hosts.join(', ')}: ${text}`);
}

function nobodyServing(cap: number, all: number): Mistake {
  const rule = `would take ${cap} of ${all} hosts out at once and leave nobody serving`;
  return { code: 'nobodyServing', path: 'maxUnavailable', value: String(cap), rule };
}
