/** What is to be done about damage, in which order. */
import type { Level } from '../../contracts/backups';
import type { Candidate, Looked, RecoveryStep, Stage, Subject } from '../../contracts/recovery';
import { STAGES } from '../../contracts/recovery';

/** What is known of a source, beside what a look has found. */
export interface Restorable {
  source: string;
  /** whose backup, and where to */
  host: string;
  level: Level;
  /** the best first; none: there is nothing to restore */
  candidates: Candidate[];
  startFirst: boolean;
  ownLogs?: boolean;
  /** why it cannot come back to this host, in words */
  trouble: string[];
  maxSeconds: number;
}

export interface Steps {
  steps: RecoveryStep[];
  /** damage that no step can mend, in words */
  left: { host: string; what: string }[];
}

/** What is known of services, beside what a look has found. */
export interface Services {
  /** names of those on a host, without those that are out of service on purpose */
  on(host: string): readonly string[];
  /** whether balancers send requests to a host, whatever damage it has */
  serve(host: string): boolean;
  /** whether a release that is gone comes back: with the input, or with one of these sources */
  released(service: string, sources: readonly string[]): boolean;
}

/** As people and messages call what is done about it. */
export const STEP_NAMES: { [K in RecoveryStep['kind']]: (of: string, host: string) => string } = {
  packages: (_, host) => `packages-on-${host}`,
  restore: (source, host) => `${source}-on-${host}`,
  files: (service, host) => `config-of-${service}-on-${host}`,
  service: (service, host) => `${service}-on-${host}`,
};

/** Behind these a service of the host is proven: it may have been changed by what came back. */
const BEFORE_SERVICES: readonly Stage[] = STAGES.slice(0, STAGES.indexOf('services'));

/**
 * Only what is damaged comes back, and what somebody asks for. Services of hosts on which something came back are
 * proven to work afterwards. One whose release is gone for good cannot be: it, and its configuration, wait for a release.
 *
 * @param restorable of all damaged sources, and of all that somebody asks for
 */
export function recoverySteps(
  looked: readonly Looked[],
  restorable: readonly Restorable[],
  services: Services,
): Steps {
  const damaged = looked.filter(({ is }) => is === 'damaged');
  const back = restorable.filter(canComeBack);
  const lost = damaged.filter(({ host, subject }) => {
    if (subject.kind !== 'service' || !subject.releaseGone) return false;
    const sources = back.flatMap((one) => (one.host === host ? [one.source] : []));
    return !services.released(subject.service, sources);
  });
  const isLost = (service: string, on: string) =>
    lost.some(({ host, subject }) => host === on && 'service' in subject && subject.service === service);
  const mendable = damaged.filter(
    ({ host, subject }) => !('service' in subject && isLost(subject.service, host)),
  );
  const steps: RecoveryStep[] = [
    ...mendable.flatMap(({ host, subject }) => stepFor(host, subject)),
    ...back.map(restoreStep),
  ];
  const touched = steps.filter(({ stage }) => BEFORE_SERVICES.includes(stage)).map(({ host }) => host);
  const ill = mendable.flatMap(({ host, subject }) =>
    subject.kind === 'service' ? [serviceStep(subject.service, host)] : [],
  );
  const beside = [...new Set(touched)].flatMap((host) =>
    services.on(host).flatMap((service) => (isLost(service, host) ? [] : [serviceStep(service, host)])),
  );
  const all = [...steps, ...ill, ...beside.filter(({ name }) => !ill.some((one) => one.name === name))];
  const isIll = (name: string) => ill.some(({ host }) => host === name);
  return {
    steps: inTurn(
      STAGES.flatMap((stage) => all.filter((step) => step.stage === stage)),
      services.serve,
      isIll,
    ),
    left: [
      ...damaged.flatMap(beyondSteps),
      ...lost.map(withoutRelease),
      ...restorable.flatMap(nothingToRestore),
    ],
  };
}

/**
 * Hosts that serve come one after the other, and each in one go, so that most of them serve at any time: with the services, when
 * those that serve nobody are through, or where its database has its turn. First those of which a service is damaged: its others miss it.
 *
 * @param steps by stage
 */
function inTurn(
  steps: readonly RecoveryStep[],
  serves: (host: string) => boolean,
  isIll: (host: string) => boolean,
): RecoveryStep[] {
  const has = (name: string, wanted: Stage) =>
    steps.some(({ host, stage }) => host === name && stage === wanted);
  const all = steps.map((step): RecoveryStep => {
    const { host, stage } = step;
    if (!(BEFORE_SERVICES.includes(stage) || stage === 'services') || !serves(host)) return step;
    return { ...step, turn: has(host, 'database') ? 'database' : 'services' };
  });
  return STAGES.flatMap((stage) => {
    const own = all.filter((step) => (step.turn ?? step.stage) === stage);
    const alone = own.filter(({ turn }) => turn !== undefined);
    const known = [...new Set(alone.map(({ host }) => host))];
    const hosts = [...known.filter(isIll), ...known.filter((host) => !isIll(host))];
    return [
      ...own.filter((step) => !alone.includes(step)),
      ...hosts.flatMap((name) => alone.filter(({ host }) => host === name)),
    ];
  });
}

function stepFor(host: string, subject: Subject): RecoveryStep[] {
  if (subject.kind === 'packages') {
    const { packages } = subject;
    const step = { name: STEP_NAMES.packages('', host), host, stage: 'system', kind: 'packages' } as const;
    return packages.length > 0 ? [{ ...step, packages }] : [];
  }
  if (subject.kind !== 'config') return [];
  const { service, revision } = subject;
  if (revision === undefined) return [];
  const name = STEP_NAMES.files(service, host);
  return [{ name, host, stage: 'configuration', kind: 'files', service, revision }];
}

const canComeBack = ({ candidates, trouble }: Restorable) => candidates.length > 0 && trouble.length === 0;

function restoreStep(one: Restorable): RecoveryStep {
  const { source, host, level, candidates, startFirst, ownLogs, maxSeconds } = one;
  const name = STEP_NAMES.restore(source, host);
  const how = { startFirst, ...(ownLogs && { ownLogs }), maxSeconds };
  return { name, host, stage: level, kind: 'restore', source, candidates, ...how };
}

function serviceStep(service: string, host: string): RecoveryStep {
  return { name: STEP_NAMES.service(service, host), host, stage: 'services', kind: 'service', service };
}

function beyondSteps({ host, subject, found }: Looked): Steps['left'] {
  if (subject.kind === 'packages' && subject.packages.length === 0)
    return [{ host, what: `${host}: nobody can say which packages are damaged: ${found.join('; ')}` }];
  if (subject.kind !== 'host') return [];
  const what = `${host}: ${found.join('; ')}; mend it and start this again, or put another one in its place (nodeReplacement)`;
  return [{ host, what }];
}

function withoutRelease({ host, subject }: Looked): Steps['left'][number] {
  const service = 'service' in subject ? subject.service : '';
  const named = `{"releases": {"${service}": {"version": …, "artifact": …}}}`;
  const what = `${service} on ${host} is not started, and not configured: nothing brings its release back. Name one (${named}), or have its folder as a source of backups`;
  return { host, what };
}

function nothingToRestore(one: Restorable): Steps['left'] {
  if (canComeBack(one)) return [];
  const { source, host, trouble } = one;
  const why = trouble.length > 0 ? trouble.join('; ') : 'no backup of it can be restored';
  return [{ host, what: `${source} on ${host} cannot come back: ${why}` }];
}
