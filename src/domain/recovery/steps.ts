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
 * proven to work afterwards.
 *
 * @param restorable of all damaged sources, and of all that somebody asks for
 * @param servicesOn names of services on a host, without those that are out of service on purpose
 * @param serves whether balancers send requests to a host, whatever damage it has
 */
export function recoverySteps(
  looked: readonly Looked[],
  restorable: readonly Restorable[],
  servicesOn: (host: string) => readonly string[],
  serves: (host: string) => boolean,
): Steps {
  const damaged = looked.filter(({ is }) => is === 'damaged');
  const steps: RecoveryStep[] = [
    ...damaged.flatMap(({ host, subject }) => stepFor(host, subject)),
    ...restorable.filter(canComeBack).map(restoreStep),
  ];
  const touched = steps.filter(({ stage }) => BEFORE_SERVICES.includes(stage)).map(({ host }) => host);
  const ill = damaged.flatMap(({ host, subject }) =>
    subject.kind === 'service' ? [serviceStep(subject.service, host)] : [],
  );
  const beside = [...new Set(touched)].flatMap((host) =>
    servicesOn(host).map((service) => serviceStep(service, host)),
  );
  const all = [...steps, ...ill, ...beside.filter(({ name }) => !ill.some((one) => one.name === name))];
  const isIll = (name: string) => ill.some(({ host }) => host === name);
  return {
    steps: inTurn(
      STAGES.flatMap((stage) => all.filter((step) => step.stage === stage)),
      serves,
      isIll,
    ),
    left: [...damaged.flatMap(beyondSteps), ...restorable.flatMap(nothingToRestore)],
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

function nothingToRestore(one: Restorable): Steps['left'] {
  if (canComeBack(one)) return [];
  const { source, host, trouble } = one;
  const why = trouble.length > 0 ? trouble.join('; ') : 'no backup of it can be restored';
  return [{ host, what: `${source} on ${host} cannot come back: ${why}` }];
}
