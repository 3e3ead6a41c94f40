/** A recovery in words. */
import type { OwnLogs } from '../../contracts/backup-run';
import type {
  Answers,
  Fetched,
  Looked,
  Recovered,
  Recovery,
  RecoveryStep,
  StepOf,
  Subject,
} from '../../contracts/recovery';
import { ageText, count, sizeText } from '../amounts';

const SUBJECTS: { [K in Subject['kind']]: (subject: Subject & { kind: K }) => string } = {
  host: () => 'the host itself',
  packages: () => 'packages',
  exposure: () => 'open to others',
  source: ({ source }) => source,
  service: ({ service }) => service,
  config: ({ service }) => `configuration of ${service}`,
};

const subjectText = (subject: Subject) => (SUBJECTS[subject.kind] as (subject: Subject) => string)(subject);

/** `db1, shop-data: does not answer` */
export const lookedText = ({ host, subject, found }: Looked): string =>
  `${host}, ${subjectText(subject)}: ${found.join('; ') || 'nothing could be found out'}`;

/** What nobody can look at any more counts, too; what nobody could look at before is in the notes. */
export function stillDamaged(before: readonly Looked[], after: readonly Looked[]): Looked[] {
  const same = (one: Looked) => (other: Looked) =>
    one.host === other.host && subjectText(one.subject) === subjectText(other.subject);
  return after.filter(
    (one) => one.is === 'damaged' || (one.is === 'unknown' && before.find(same(one))?.is !== 'unknown'),
  );
}

/** What is open to others after a recovery and was not before it. */
export function newlyOpen(before: readonly Looked[], after: readonly Looked[]): Looked[] {
  const isOpen = ({ subject }: Looked) => subject.kind === 'exposure';
  return after.filter(isOpen).flatMap((one) => {
    const known = before.find((other) => isOpen(other) && other.host === one.host)?.found ?? [];
    const found = one.found.filter((words) => !known.includes(words) && !words.startsWith('listens'));
    return found.length > 0 ? [{ ...one, found }] : [];
  });
}

/** What people read in the plan: each damage by itself, what is unknown for the same reason together, and how much is well. */
export function damageNotes(looked: readonly Looked[]): string[] {
  const of = (is: Looked['is']) => looked.filter((one) => one.is === is);
  const why = (one: Looked) => `${subjectText(one.subject)}: ${one.found.join('; ')}`;
  const unknown = [...new Set(of('unknown').map(why))].map((words) => {
    const hosts = of('unknown').flatMap((one) => (why(one) === words ? [one.host] : []));
    return `could not be looked at: ${hosts.join(', ')}, ${words}`;
  });
  return [
    ...of('damaged').map((one) => `damaged: ${lookedText(one)}`),
    ...unknown,
    `well: ${of('well').length} of ${count(looked.length, 'thing')} that were looked at`,
  ];
}

/** Why steps of some hosts stand behind those of others. */
export function aloneNotes(steps: readonly RecoveryStep[]): string[] {
  const hosts = [...new Set(steps.flatMap(({ host, turn }) => (turn ? [host] : [])))];
  if (hosts.length === 0) return [];
  const [serve, come] =
    hosts.length === 1 ? ['serves', 'it comes alone'] : ['serve', 'they come one after the other'];
  return [`${hosts.join(', ')} ${serve}: ${come}, behind those that serve nobody`];
}

const PLANNED: { [K in RecoveryStep['kind']]: (step: StepOf<K>) => string } = {
  packages: ({ packages }) => `${packages.join(', ')} anew`,
  restore: ({ candidates: [best], startFirst }) =>
    best
      ? `${best.id}, which holds ${best.at} (${sizeText(best.bytes)})${startFirst ? ', unless it only stands still' : ''}`
      : '',
  files: ({ revision }) => `revision ${revision}`,
  service: () => 'proven healthy, and started again where it is not',
};

/** What a step is to do, in words. */
export const stepText = (step: RecoveryStep): string =>
  (PLANNED[step.kind] as (step: RecoveryStep) => string)(step);

/** What a damaged server's own binary logs have brought beyond its backup. */
export function ownLogsText({ complete, at, why }: OwnLogs): string {
  if (complete) return `then the server's own binary logs up to ${at}, to their end`;
  if (at === null) return `the server's own binary logs brought no more, or nobody can say how much: ${why}`;
  return `then the server's own binary logs up to ${at}, and not to their end: ${why}`;
}

/** What people can do about packages that cannot be had. */
export function missingText(missing: Fetched['missing']): string {
  const each = missing.map(({ package: name, version, why }) => `${name} ${version} (${why})`);
  const [first] = missing;
  const place = first ? `/var/lib/pawl/packages/${first.package}/${first.version}.deb` : '';
  return `${each.join(', ')} cannot be had: put ${missing.length === 1 ? 'it' : 'them'} into a repository of this host, or there as ${place}${missing.length === 1 ? '' : ', …'}`;
}

/** What is gone, as far as anybody can say. */
export function lostText({ lostSeconds }: Pick<Recovered, 'lostSeconds'>): string {
  return lostSeconds === undefined
    ? 'nothing is lost'
    : `what was written in the last ${ageText(lostSeconds * 1_000)} before the disaster is lost`;
}

/** Measured: RPO is the longest time of which data are lost, RTO the time until all of it was back. */
export function recoveredText({ steps, begunAt, since: disaster }: Recovery, endedAt: string): string {
  const [begun, struck, ended] = [begunAt, disaster, endedAt].map((time) => Date.parse(time)) as [
    number,
    number,
    number,
  ];
  const lost = Math.max(-1, ...steps.map(({ lostSeconds = -1 }) => lostSeconds));
  const rpo = lost < 0 ? 'nothing is lost' : `at most ${ageText(lost * 1_000)} are lost (RPO)`;
  const since = struck < begun ? `, ${ageText(ended - struck)} after the disaster` : '';
  return `${count(steps.length, 'step')} in ${ageText(ended - begun)}${since} (RTO); ${rpo}`;
}

/** `web: 95 of 100 answers within 12 ms; 11 ms on hosts that were not damaged` */
export function answersText({ service, p95Ms, othersMs, slow }: Answers): string {
  if (p95Ms === null) return `${service}: how long answers take could not be measured`;
  const ms = (value: number) => `${Math.round(value)} ms`;
  const others = othersMs === null ? '' : `; ${ms(othersMs)} on hosts that were not damaged`;
  return `${service}: 95 of 100 answers within ${ms(p95Ms)}${others}${slow ? ', which is slower' : ''}`;
}
