/** A look for drift as people see it. */
import { type DriftHost, type DriftKind, type DriftLook, type Finding } from '../../contracts/config-drift';
import type { HostStatus, Todo } from '../../contracts/status';

const STATES: Record<DriftHost['is'], HostStatus['state']> = {
  asWanted: 'done',
  drifted: 'failed',
  unreachable: 'unreachable',
  busy: 'skipped',
};

export function driftHosts({ hosts }: DriftLook): HostStatus[] {
  return hosts.map(({ name, label, is, note }) => ({
    ...{ name, version: label ?? '', state: STATES[is], balancers: {} },
    ...(note !== undefined && { note }),
  }));
}

/** `web is as 4f0c… wants it on 5 hosts`, or how many hosts are not. */
export function driftSummary({ hosts, service, wanted }: DriftLook): string {
  const names = (is: DriftHost['is']) => hosts.filter((host) => host.is === is).map(({ name }) => name);
  const [drifted, unreachable, busy] = [names('drifted'), names('unreachable'), names('busy')];
  const others = [
    ...(unreachable.length ? [`could not look at ${some(unreachable)}`] : []),
    ...(busy.length ? [`left out ${some(busy)}, under change`] : []),
  ];
  const looked = names('asWanted').length + drifted.length;
  const found = drifted.length
    ? `${drifted.length} of ${looked} hosts drifted from ${wanted}: ${some(drifted)}`
    : `${service} is as ${wanted} has it on ${looked} hosts`;
  return [found, ...others].join('; ');
}

/** What a person has to do; each kind once, with its hosts. */
export function driftTodos(look: DriftLook, correction: string | undefined): Todo[] {
  const { findings, wanted } = look;
  const by = (kind: DriftKind, of: (finding: Finding) => boolean = () => true) => [
    ...new Set(findings.filter((one) => one.kind === kind && of(one)).map(({ host }) => host)),
  ];
  const todo = (hosts: string[], what: (hosts: string) => string): Todo[] =>
    hosts.length ? [{ what: what(some(hosts)) }] : [];
  return [
    ...correcting(look, correction),
    ...todo(
      by('notAFile'),
      (hosts) =>
        `${hosts}: take away what lies in the place of a file; until then no configCanary touches it`,
    ),
    ...todo(
      by('newer'),
      (hosts) =>
        `${hosts}: later than ${wanted}, or of another branch; make a release of it, or start a configCanary of ${wanted} for it`,
    ),
    ...todo(
      by('halfApplied', ({ path }) => path === null),
      (hosts) =>
        `${hosts}: see what became of the change that was cut there (pawl list); a configCanary of ${wanted} ends its switch where files differ, else reload or restart what reads them`,
    ),
    ...todo(by('unreachable'), (hosts) => `${hosts}: nobody knows how its files are`),
  ];
}

function correcting({ correction }: DriftLook, started: string | undefined): Todo[] {
  if (correction === null) return [];
  if (started !== undefined)
    return [{ what: `${started} brings the files back`, command: `pawl get ${started}` }];
  const command = `echo ${quoted(JSON.stringify(correction))} | pawl start configCanary -f -`;
  return [{ what: 'bring the files back, host by host', command }];
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** One sentence for each, without what is shown elsewhere. */
export function findingText({ host, path, kind, text }: Finding): string {
  return `${host}: ${path === null ? '' : `${path} `}${kind}: ${text}`;
}

const NAMED = 5;
function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
