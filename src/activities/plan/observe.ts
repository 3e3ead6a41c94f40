import { setTimeout as delay } from 'node:timers/promises';
import { PawlError } from '../../contracts/failures';
import type { Mistake } from '../../contracts/failures';
import type { ObservedHost, PlannedHost, PlannedService } from '../../contracts/plan';
import type { TrafficFacts } from '../../contracts/world';
import type { OutOfService } from '../../contracts/out-of-service';
import { outText } from '../../domain/about';
import { setOf } from '../../domain/blue-green';
import type { Release } from '../../contracts/stable';
import { configFolder } from '../config-look';
import type { World } from '../world';
import { keyValues } from '../key-values';
import { trafficOf } from '../world';

/** Milliseconds in which a read is begun again, and between two of them. */
const AGAIN_FOR = 2_000;
const AGAIN_AFTER = 250;
/** Milliseconds in which a balancer may find a host well again: longer than the time between two checks, as a rule. */
const DOWN_FOR = 3_000;

/** What is looked at of a service. */
type Installed = Pick<PlannedService, 'name' | 'unit' | 'release' | 'limits'>;

/** A host before the change: facts, and what keeps it from being changed. */
export interface Observation {
  host: PlannedHost;
  facts: ObservedHost;
  /** versions that are on the host, as releases or as packages */
  kept: string[];
  /** names of states, by the labels of configurations that it can be switched to, and of the one in use as `''` */
  configs: Record<string, string>;
  mistakes: Mistake[];
}

/**
 * Looks at one host and its places. Changes nothing; what cannot be reached becomes a mistake. One that a balancer does
 * not find well is looked at again: a check that was missed once refuses no change.
 */
export async function observeHost(
  world: World,
  service: Installed,
  host: PlannedHost,
  signal: AbortSignal,
  judge: Judge,
): Promise<Observation> {
  const until = Date.now() + DOWN_FOR;
  for (;;) {
    const { unsettled, seen } = await lookAtHost(world, service, host, signal, judge);
    if (seen.mistakes.length === 0 || !unsettled || Date.now() > until) return seen;
    await delay(AGAIN_AFTER, undefined, { signal });
  }
}

async function lookAtHost(
  world: World,
  service: Installed,
  host: PlannedHost,
  signal: AbortSignal,
  judge: Judge,
): Promise<{ unsettled: boolean; seen: Observation }> {
  const mistakes: Mistake[] = [];
  const mistake = (code: string, value: string, rule: string) =>
    mistakes.push({ code, path: `hosts.${host.name}`, value, rule });
  const [machine, traffic] = await Promise.all([
    again(() => readMachine(world, service, host, signal), signal).catch((error: unknown) =>
      reached(error, mistake),
    ),
    again(() => trafficOf(world, host, signal), signal).catch((error: unknown) => reached(error, mistake)),
  ]);
  judge({ machine, traffic, service }, mistake);
  const [config, inUse = ''] = (machine?.config ?? '').split(' ');
  const facts = {
    version: machine?.version ?? '',
    ...(machine?.active && { active: machine.active }),
    ...(config && { config }),
    traffic: Object.fromEntries(
      Object.entries(traffic ?? {}).map(([name, { state, weight, sessions }]) => [
        name,
        { state, weight, sessions },
      ]),
    ),
    freeMiB: Number(machine?.freeMiB ?? 0),
  };
  const kept = (machine?.kept ?? '').split(' ').filter(Boolean);
  const configs = { ...labelled(machine?.configs ?? ''), ...(config && { '': inUse }) };
  const down = Object.values(traffic ?? {}).some(({ state }) => state === 'down');
  // one that cannot be reached is not waited for
  return { unsettled: down && machine !== null, seen: { host, facts, kept, configs, mistakes } };
}

/** @param text `LABEL STATE LABEL STATE …` */
function labelled(text: string): Record<string, string> {
  const words = text.split(' ').filter(Boolean);
  return Object.fromEntries(words.flatMap((word, at) => (at % 2 ? [] : [[word, words[at + 1] ?? '']])));
}

/** Whether this is what it runs. Of a release without a configuration nobody knows with which one it was proven. */
export function runs({ facts, configs }: Observation, { version, config }: Release): boolean {
  const same = config === undefined || facts.config === config || isSame(configs, config);
  return facts.version === version && same;
}

const isSame = (configs: Observation['configs'], label: string) =>
  configs[''] !== undefined && configs[''] === configs[label];

type Say = (code: string, value: string, rule: string) => void;

/** Says what of a host's state keeps it from being changed; null: it could not be read, which is said already. */
export type Judge = (
  seen: {
    machine: Record<string, string> | null;
    traffic: Record<string, TrafficFacts> | null;
    service: Installed;
  },
  mistake: Say,
) => void;

/** Whatever it does, it is only looked at. */
export const asItIs: Judge = () => undefined;

/** Whoever is upgraded must serve now: otherwise nobody could say whether the new release is to blame. */
export const mustServe: Judge = ({ machine, traffic, service }, mistake) => {
  for (const [balancer, { state, says }] of Object.entries(traffic ?? {}))
    if (state !== 'in')
      mistake('notInRotation', says, `must be in rotation and up at ${balancer} before the change`);
  if (machine) judgeMachine(machine, service, mistake);
};

/** What is tried on it must reach nobody; its service runs, so that it can be proven. */
export const mustBeOut: Judge = ({ machine, traffic, service }, mistake) => {
  for (const [balancer, { state, says }] of Object.entries(traffic ?? {}))
    if (state !== 'out')
      mistake(
        'inRotation',
        says,
        `a test host serves nobody: it must be out at ${balancer}; to begin with one that serves, name it first in hosts`,
      );
  if (machine) judgeMachine(machine, service, mistake);
};

/** With blue/green a host serves everywhere, or nowhere; one that is between belongs to neither set. */
export const mustBeInOneSet: Judge = ({ machine, traffic, service }, mistake) => {
  const set = traffic ? setOf(traffic) : undefined;
  const says = Object.entries(traffic ?? {}).map(([balancer, { says }]) => `${says} at ${balancer}`);
  if (says.length > 0 && !set)
    mistake(
      'neitherSet',
      says.join(', '),
      'belongs to neither set: it must be in rotation and up at every balancer, or out at all of them',
    );
  if (machine) judgeMachine(machine, service, mistake, set === 'idle');
};

/** Whoever only goes out or comes in needs a unit. */
export const mustHaveUnit: Judge = ({ machine, service }, mistake) => {
  if (machine && machine.load !== 'loaded') mistake('noUnit', service.unit, NO_UNIT(service.unit));
};

const NO_UNIT = (unit: string) => `there is no unit ${unit} on this host`;

/** An answer that was lost on its way, or a balancer that is busy for a moment, says nothing of the host. */
export async function again<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = Date.now() + AGAIN_FOR;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const lost =
        error instanceof PawlError && ['OutcomeUnknown', 'BalancerUnavailable'].includes(error.type);
      if (!lost || Date.now() > until) throw error;
      await delay(AGAIN_AFTER, undefined, { signal });
    }
  }
}

function reached(error: unknown, mistake: Say): null {
  if (!(error instanceof PawlError)) throw error;
  mistake(error.type, error.type, error.message);
  return null;
}

/** What `src/host/observe-host.sh` prints. */
export async function readMachine(
  world: World,
  service: Pick<Installed, 'name' | 'release' | 'unit'>,
  host: Pick<PlannedHost, 'name'>,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { name, release, unit } = service;
  const where = release.kind === 'tarball' ? [release.releases, release.current] : [release.package];
  const ran = await world.hosts
    .on(host.name)
    .run('observe-host', [unit, configFolder(name), release.kind, ...where], { signal });
  return keyValues(ran.stdout);
}

function judgeMachine(
  machine: Record<string, string>,
  service: Installed,
  mistake: Say,
  mayBeStopped = false,
): void {
  const { unit, release, limits } = service;
  if (machine.load !== 'loaded') mistake('noUnit', unit, NO_UNIT(unit));
  else if (machine.active !== 'active' && !mayBeStopped)
    mistake('notActive', machine.active ?? '', `${unit} must be active before the change`);
  if (release.kind === 'tarball' && machine.link !== 'yes')
    mistake(
      'noRelease',
      release.current,
      'must be a symlink to the running release, so that there is a way back',
    );
  if (!machine.version) mistake('noRelease', '', 'no installed version can be read, so there is no way back');
  if (Number(machine.freeMiB) < limits.freeMiB)
    mistake(
      'diskFull',
      `${machine.freeMiB} MiB`,
      `at least ${limits.freeMiB} MiB must be free (limits.freeMiB)`,
    );
}

/** Whoever was taken out of service on purpose is no riddle. */
export function sayWhyOut(mistakes: Mistake[], mark: OutOfService | undefined, host: string): Mistake[] {
  if (!mark) return mistakes;
  return mistakes.map((mistake) =>
    mistake.code === 'notInRotation' || mistake.code === 'notActive'
      ? {
          ...mistake,
          rule: `${outText(host, mark)}; bring it back with nodeOnline, or leave it out of "hosts"`,
        }
      : mistake,
  );
}
