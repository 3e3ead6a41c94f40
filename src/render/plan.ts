import type { OwnMetric } from '../contracts/cluster';
import type { Check } from '../contracts/inputs/common';
import type { Intent, Plan, PlannedFreshBackup, PlannedRunOnce } from '../contracts/plan';
import { shareOf, weightAt } from '../domain/ramp';
import { changeText } from '../domain/about';
import { count, sizeText } from '../domain/amounts';
import { backupStep } from '../domain/backups/fresh';
import { balancersOf, setsOf } from '../domain/blue-green';
import { stepText } from '../domain/recovery/words';
import { onceText } from '../domain/run-once';
import { shareText } from './ramp';
import type { Row } from './rows';
import { diffRows, trafficTexts } from './rows';

const line = (text: string, more: Partial<Row> = {}): Row => ({
  depth: 1,
  tone: 'plain',
  mark: '',
  text,
  ...more,
});
const table = (...cells: string[]): Row => line(cells.filter(Boolean).join('  '), { depth: 2, cells });
const heading = (text: string): Row => line(text, { tone: 'strong' });

/** A plan in rows, as people read it before they approve it. */
export function planRows(plan: Plan): Row[] {
  const { intent, hash, notes, diffs } = plan;
  const { recovery = [] } = intent;
  return [
    {
      depth: 0,
      tone: 'strong',
      mark: '',
      text: `${changeText(intent.service.name, intent)} on ${intent.cluster.name}: ${count(intent.hosts.length, 'host')}${batchCount(intent)}`,
    },
    line('plan hash', { code: hash }),
    ...artifactRows(intent),
    line(settingsText(intent)),
    ...gateRows(intent),
    ...certificateRows(intent),
    ...whyRows(intent),
    ...closureRows(intent),
    ...blueGreenRows(intent),
    ...toldRows(plan),
    ...section('batches', batchRows(intent)),
    ...section('hosts', hostRows(plan)),
    ...section('way to the full weight', rampRows(plan)),
    ...section(
      intent.hosts.length ? 'steps of each host' : 'steps',
      intent.steps.map(({ id, does, undo }) => table(id, does, `undo: ${undo}`)),
    ),
    ...section(
      'what comes back, in this order',
      recovery.map((step) =>
        table(step.turn ? `${step.stage}, alone` : step.stage, step.name, stepText(step)),
      ),
    ),
    ...section('backups that must be there before anything is touched', (intent.backups ?? []).map(freshRow)),
    ...section(
      'on every host before anything is touched',
      (intent.prepare ?? []).map(({ name, command }) => table(name, command.join(' '))),
    ),
    ...section('once for the change', (intent.runOnce ?? []).map(onceRow)),
    ...section('checks', (intent.checks ?? []).map(checkRow)),
    ...diffRows(diffs),
    ...notes.map((note) => line(note, { tone: 'quiet', mark: 'ⓘ' })),
  ];
}

function section(title: string, rows: Row[]): Row[] {
  return rows.length ? [heading(title), ...rows] : [];
}

function batchCount({ batches, maxUnavailable }: Intent): string {
  if (!batches) return '';
  return batches.length === 1
    ? ' in 1 batch'
    : ` in ${batches.length} batches, at most ${maxUnavailable} out at a time`;
}

function batchRows({ batches = [] }: Intent): Row[] {
  return batches.map(({ adds, share, percent, soakSeconds }, index) =>
    table(
      `${index + 1}`,
      adds.join(', ') || 'nobody comes to it',
      share === undefined
        ? ''
        : `${share} % of the requests to the new version (${percent} % of its weights)`,
      soakSeconds === undefined ? '' : `soak ${soakSeconds} s`,
    ),
  );
}

function hostRows({ intent, observed }: Plan): Row[] {
  const { leaving } = setsOf(intent);
  return intent.hosts.map((host) => {
    const { name } = host;
    const seen = observed.hosts[name];
    if (!seen) return table(name, 'not observed');
    const version = seen.version || 'unknown';
    return table(
      name,
      intent.version === undefined || leaving.includes(host) ? version : `${version} → ${intent.version}`,
      ...trafficTexts(seen.traffic),
      `${Math.round(seen.freeMiB)} MiB free`,
    );
  });
}

function artifactRows({ artifact }: Intent): Row[] {
  if (!artifact) return [];
  const source = 'file' in artifact.source ? artifact.source.file : artifact.source.url;
  return [line(`artifact ${source} (${sizeText(artifact.size)}, sha256 ${artifact.sha256.slice(0, 12)}…)`)];
}

const ON_DEADLINE = {
  force: 'cut what is left',
  wait: 'ask a person',
  putBack: 'put the host back and fail',
} as const;
const ON_FAILURE = {
  undo: 'undo what was touched',
  freeze: 'leave it as it stands',
  ask: 'ask a person',
} as const;

function settingsText({ settings }: Intent): string {
  const {
    drain,
    minHealthySeconds,
    soakSeconds,
    watchSeconds,
    approvals,
    onFailure,
    failureBudget,
    progressDeadlineSeconds,
  } = settings;
  const seconds = (words: string, value: number | undefined) =>
    value === undefined ? [] : [`${words} ${value} s`];
  return [
    `drain up to ${drain.deadlineSeconds} s, then ${ON_DEADLINE[drain.onDeadline]}`,
    ...seconds('each host healthy for', minHealthySeconds),
    ...seconds('soak', soakSeconds),
    ...seconds('watch', watchSeconds),
    approvals.length ? `approvals: ${approvals.join(', ')}` : 'no approvals',
    ...(failureBudget ? [`${count(failureBudget, 'host')} may fail`] : []),
    `on failure ${ON_FAILURE[onFailure]}`,
    ...(progressDeadlineSeconds ? [`progress every ${progressDeadlineSeconds} s`] : []),
  ].join(' · ');
}

function gateRows({ gate, batches }: Intent): Row[] {
  if (gate === undefined) return [];
  if (gate === null) return [line('no gate')];
  const paths = gate.probePaths.join(', ');
  const texts = [
    `gate after each ${batches ? 'batch' : 'step'}: availability > ${gate.availabilityPercent} %`,
    `errors ≤ ${gate.errorRatePercent} %`,
    `P95 ≤ ${gate.p95PercentOfUsual} % of usual (${gate.latency ? `${gate.latency.histogram} of Prometheus` : `own probes of ${paths}`})`,
    ...(gate.timePercentOfPeers ? [`all answers ≤ ${gate.timePercentOfPeers} % of peers'`] : []),
    `unit's CPU ≤ ${gate.cpuPercent} %, memory ≤ ${gate.memoryPercent} %`,
    ...(gate.memoryHoursLeft ? [`its growth fills nothing within ${gate.memoryHoursLeft} h`] : []),
    `host's CPU ≤ ${gate.hostCpuPercent} %, memory ≤ ${gate.hostMemoryPercent} %`,
    ...gate.own.map(ownText),
    `proven at ${gate.confidencePercent} %`,
    `holds up to ${gate.holdSeconds} s`,
  ];
  return [line(texts.join(' · '))];
}

/** Whose counters say at the end what was lost. */
function certificateRows({ certificate }: Intent): Row[] {
  if (!certificate) return [];
  const { counts, blind } = certificate;
  const where = counts.length
    ? `lost requests are counted at ${counts.join(', ')}`
    : 'lost requests are not counted';
  return [line([where, ...blind.map((name) => `${name} counts none`)].join('; '))];
}

/** What is closed meanwhile, where, for how long, and who gets through. */
function closureRows({ closures = [], page }: Intent): Row[] {
  if (closures.length === 0 || !page) return [];
  const { addresses, passes } = page.allow;
  const through = [...addresses, ...passes.map((reference) => `who shows ${reference}`)];
  return [
    line(`page in ${page.languages.join(', ')}, times of ${page.timeZone}: ${page.content}`),
    line(through.length ? `get through: ${through.join(', ')}` : 'nobody gets through'),
    ...section(
      'closed meanwhile',
      closures.map(({ name, doors, flagFile, hosts }) => {
        const where = doors.map(({ balancer, backend }) => `${balancer}/${backend}`).join(', ');
        return table(
          name,
          where,
          flagFile ? `${flagFile} on ${count(hosts.length, 'host')}` : 'no flag file',
        );
      }),
    ),
  ];
}

function blueGreenRows(intent: Intent): Row[] {
  const { blueGreen } = intent;
  const { coming, leaving } = setsOf(intent);
  if (!blueGreen || coming.length === 0) return [];
  const [fresh, old] = [coming, leaving].map((hosts) => hosts.map(({ name }) => name).join(', '));
  const after = blueGreen.stopOld ? 'then stopped' : 'then left running out of rotation';
  return [
    line(
      `${balancersOf(intent).join(', ')} switch from ${old} to ${fresh}, each in one step; ${old} kept warm for ${blueGreen.warmSeconds} s, ${after}`,
    ),
  ];
}

function toldRows({ intent: { notifications } }: Plan): Row[] {
  if (!notifications) return [];
  return [line(`tells ${Object.keys(notifications.channels).join(', ')}`)];
}

function whyRows({ outFor }: Intent): Row[] {
  return outFor ? [line(`why: ${outFor.reason} (${outFor.by})`)] : [];
}

/** One row for each host and weight, with the share of the requests that follows from it now. */
function rampRows({ intent: { ramp }, observed }: Plan): Row[] {
  if (!ramp) return [];
  return Object.entries(ramp.weights).flatMap(([host, full]) =>
    ramp.steps.map(({ percent, seconds }) => {
      const shares = Object.entries(full).map(([balancer, weight]) => {
        const now = weightAt(weight, percent);
        return `weight ${now} of ${weight} at ${balancer}: ${shareText(shareOf(now, observed.peers?.weights[balancer] ?? 0))} of the requests`;
      });
      return table(host, `${percent} %`, `${seconds} s`, ...shares);
    }),
  );
}

function freshRow({ source, hosts, maxAgeMinutes, take }: PlannedFreshBackup): Row {
  const otherwise = take ? 'taken where there is none' : 'or nothing begins';
  return table(backupStep(source), hosts.join(', '), `at most ${maxAgeMinutes} min old`, otherwise);
}

function onceRow({ name, when, host, command, undo }: PlannedRunOnce): Row {
  const back = undo ? `undo: ${undo.join(' ')}` : 'POINT OF NO RETURN: no undo';
  return table(name, `${onceText(when)}, on ${host}`, command.join(' '), back);
}

function ownText({ name, atMost, atLeast }: OwnMetric): string {
  return [name, atLeast !== undefined && `≥ ${atLeast}`, atMost !== undefined && `≤ ${atMost}`]
    .filter(Boolean)
    .join(' ');
}

function doesText(check: Check): string {
  if ('http' in check) return `GET ${check.http.path} answers ${check.http.status}`;
  if ('tcp' in check) return `${check.tcp.host}:${check.tcp.port} takes connections from the host`;
  return check.command.join(' ');
}

function checkRow(check: Check): Row {
  return table(check.name, doesText(check));
}
