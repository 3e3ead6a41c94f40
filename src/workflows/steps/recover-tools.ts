/** What the steps of a recovery have in common. */
import type { DisasterIntent, PlannedService } from '../../contracts/plan';
import type { RecoveryStep } from '../../contracts/recovery';
import type { HostTraffic } from '../../contracts/status';
import { servicesOf, trafficOf, withVersion } from '../../domain/recovery/several';
import { stepSeconds } from '../../domain/step-limits';
import { hostSteps } from './activities';
import type { Change } from './change';
import { patiently } from './host-steps';

export type Recovery = Change<DisasterIntent>;

export interface Outcome {
  /** in words */
  how: string;
  /** paths of what was there before */
  aside?: string[];
  /** packages that came anew */
  installed?: string[];
  /** ISO time of the moment that came back */
  at?: string;
  /** what did not come back of it, in words: the step has failed */
  fault?: string;
}

/** Files that it gets in this recovery. */
export const configOn = ({ plan }: Recovery, service: string, host: string) =>
  plan.intent.configs.find(({ set, states }) => set === service && Object.hasOwn(states, host));

export const memberOf = ({ plan }: Change, service: string, host: string) =>
  plan.intent.members?.[service]?.find(({ name }) => name === host);

/** Which job it is: another one after a person has said retry. */
export const job = (run: Recovery, name: string) => ({ step: name, round: run.state.rounds[name] ?? 0 });

/** Waits out what may pass by itself, and shows it. */
export function attended<T>(run: Recovery, { name, host }: RecoveryStep, work: () => Promise<T>): Promise<T> {
  return patiently(run, host, work, (failure) =>
    run.noteStep(name, {
      state: failure?.kind === 'unreachable' ? 'unreachable' : 'running',
      note: failure?.message,
    }),
  );
}

export const steps = (run: Recovery, limitSeconds: number) =>
  hostSteps(limitSeconds, run.plan.intent.settings.unreachableSeconds);

export const secondsOf = ({ plan: { intent } }: Change, { limits }: PlannedService, bytes = 0) =>
  stepSeconds({ limits, drain: intent.settings.drain, checks: [], bytes });

/** Shows how a host stands in one of its services; those of several are told apart. */
export function noteService(
  run: Change,
  service: string,
  name: string,
  { traffic = {}, version }: { traffic?: Record<string, HostTraffic>; version?: string },
): void {
  const { members = {} } = run.plan.intent;
  const several = servicesOf(members, name).length > 1;
  const { balancers, version: shown } = run.host(name);
  run.note(name, {
    balancers: { ...balancers, ...(several ? trafficOf(service, traffic) : traffic) },
    ...(version !== undefined && { version: several ? withVersion(shown, service, version) : version }),
  });
}
