import type { OwnMetric } from '../contracts/cluster';
import type {
  Claim,
  Histogram,
  Judgement,
  PlannedGate,
  Requests,
  Sight,
  Usual,
  Verdict,
} from '../contracts/gate';
import { besidePeers } from './beside-peers';
import type { Count } from './evidence';
import { provesAbove, provesAtMost, provesMore, samplesNeeded } from './evidence';
import { percentile, slowerThan } from './histogram';
import { memoryGrowth } from './memory-growth';
import type { Usage } from './usage';
import { isUsage, usageClaims } from './usage';

/** What was measured, or why it could not be. */
export type Measured<T> = { known: true; is: T } | { known: false; why: string };

/** What a gate knows when it judges. `changed` hosts run the new version, `others` the one before. */
export interface Seen {
  /** since the gate began */
  seconds: number;
  requests: Measured<{
    changed: Record<string, Requests>;
    others: Requests;
    /** true: no balancer counts, these are own probes */
    byProbes?: boolean;
    /** of their servers, where balancers count */
    weights?: Sight['weights'];
  }>;
  latency: Measured<{ changed: Histogram; others: Histogram }>;
  usual: Usual;
  usage: Measured<{ changed: Record<string, Usage>; others: Record<string, Usage> }>;
  /** of each own metric its value, and how often in a row it was out of its limits */
  own: Record<string, Measured<{ value: number; outside: number }>>;
}

/** It is looked again and again, and chance has its chance each time: to condemn takes more than to pass. */
const CONDEMNS = 0.999;
/** By its definition, so many answers are slower than the 95th percentile. */
const SLOW = 0.05;
/** An own metric is out of its limits for good when it is so often in a row. */
const OUTSIDE = 3;

/** Judges what was measured against the limits of the plan: `pass` only when every claim is proven. */
export function judge(seen: Seen, limits: PlannedGate): Judgement {
  const claims = [
    ...requestClaims(seen, limits),
    latencyClaim(seen, limits),
    ...besideClaims(seen, limits),
    ...usage(seen, limits),
    ...growthClaims(seen, limits),
    ...ownClaims(seen, limits),
  ];
  const verdict =
    (['fail', 'hold'] as const).find((bad) => claims.some((claim) => claim.verdict === bad)) ?? 'pass';
  return { verdict, text: inBrief(verdict, claims), claims };
}

/** Whatever decides; of a pass, what people ask for first. */
function inBrief(verdict: Verdict, claims: Claim[]): string {
  const told = claims.filter((claim) => claim.verdict === verdict && !(verdict === 'pass' && isUsage(claim)));
  const use = verdict === 'pass' ? ['CPU and memory within their limits'] : [];
  return [...told.map(({ text }) => text), ...use].join('; ');
}

function requestClaims({ requests, seconds }: Seen, limits: PlannedGate): Claim[] {
  if (!requests.known) return ['availability', 'errors'].map((name) => unknown(name, requests.why));
  const { changed, others, byProbes } = requests.is;
  const confidence = limits.confidencePercent / 100;
  const hosts = (count: (of: Requests) => Count) =>
    Object.fromEntries(Object.entries(changed).map(([host, of]) => [host, count(of)]));
  const availability = ({ answers, failures }: Requests): Count => ({
    events: failures,
    samples: answers + failures,
  });
  const errors = ({ answers, serverErrors }: Requests): Count => ({ events: serverErrors, samples: answers });
  const common = { seconds, confidence };
  return [
    shareClaim({
      ...common,
      name: 'availability',
      words: { sample: byProbes ? 'own probes' : 'requests', bad: 'without an answer' },
      hosts: hosts(availability),
      others: availability(others),
      limit: round(1 - limits.availabilityPercent / 100),
    }),
    shareClaim({
      ...common,
      name: 'errors',
      words: { sample: byProbes ? 'answers to own probes' : 'answers' },
      hosts: hosts(errors),
      others: errors(others),
      limit: round(limits.errorRatePercent / 100),
    }),
  ];
}

/** 1 - 0.999 is a little more than 0.001 to a computer. */
const round = (share: number) => Number(share.toPrecision(9));

/** @returns milliseconds; null: it is not known what is usual */
export function p95LimitMs({ p95Ms }: Usual, limits: PlannedGate): number | null {
  if (p95Ms === null) return null;
  const tolerance = limits.latency ? 0 : limits.p95ToleranceMs;
  return Math.max((p95Ms * limits.p95PercentOfUsual) / 100, p95Ms + tolerance);
}

function latencyClaim({ latency, usual, seconds }: Seen, limits: PlannedGate): Claim {
  const name = 'P95';
  if (!latency.known) return unknown(name, latency.why);
  const limitMs = p95LimitMs(usual, limits);
  if (usual.p95Ms === null || limitMs === null)
    return unknown(name, `what is usual is not known: ${usual.from}`);
  const { changed, others } = latency.is;
  const slow = (histogram: Histogram): Count => ({
    events: slowerThan(histogram, limitMs),
    samples: histogram.samples,
  });
  const claim = shareClaim({
    seconds,
    confidence: limits.confidencePercent / 100,
    name,
    words: {
      sample: limits.latency ? 'answers' : 'probes',
      bad: `slower than ${ms(limitMs)}`,
    },
    hosts: { all: slow(changed) },
    others: slow(others),
    limit: SLOW,
  });
  if (changed.samples === 0) return claim;
  const usually = `usual ${ms(usual.p95Ms)} ${usual.from}`;
  const beside = others.samples > 0 ? `; peers ${ms(percentile(others, 0.95))}` : '';
  const text = claim.text.replace(`${name}: `, `${name}: ${ms(percentile(changed, 0.95))}, `);
  return { ...claim, text: `${text} (${usually}${beside})` };
}

function besideClaims({ latency }: Seen, limits: PlannedGate): Claim[] {
  const claim = latency.known ? besidePeers(latency.is, limits, CONDEMNS) : null;
  return claim ? [claim] : [];
}

function usage({ usage }: Seen, limits: PlannedGate): Claim[] {
  return usage.known
    ? usageClaims(usage.is.changed, usage.is.others, limits)
    : [unknown('CPU and memory', usage.why)];
}

function growthClaims({ usage, usual }: Seen, limits: PlannedGate): Claim[] {
  const claim = usage.known ? memoryGrowth(usage.is, limits, usual.memoryMiB, CONDEMNS) : null;
  return claim ? [claim] : [];
}

function ownClaims({ own }: Seen, limits: PlannedGate): Claim[] {
  return limits.own.map((metric): Claim => {
    const { name } = metric;
    const now = own[name] ?? { known: false, why: 'not asked yet' };
    if (!now.known) return unknown(name, now.why);
    const { value, outside } = now.is;
    const text = `${name}: ${Number(value.toPrecision(4))}`;
    const why = outsideOf(metric, value);
    if (!why) return { name, verdict: 'pass', text };
    return {
      name,
      verdict: outside < OUTSIDE ? 'hold' : 'fail',
      text: `${text}, ${why}, ${outside} times in a row`,
    };
  });
}

/** @returns in words, how a value is out of its limits */
export function outsideOf({ atMost, atLeast }: OwnMetric, value: number): string | undefined {
  if (atMost !== undefined && value > atMost) return `above ${atMost}`;
  if (atLeast !== undefined && value < atLeast) return `below ${atLeast}`;
  return undefined;
}

const unknown = (name: string, why: string): Claim => ({ name, verdict: 'hold', text: `${name}: ${why}` });

interface Share {
  name: string;
  /** what is counted, and what is bad about an event where the name does not say it */
  words: { sample: string; bad?: string };
  /** of the changed hosts, one by one */
  hosts: Record<string, Count>;
  /** of the hosts with the old version, in the same time */
  others: Count;
  /** share of events that is allowed */
  limit: number;
  confidence: number;
  seconds: number;
}

/**
 * Is the share of bad events within its limit? The hosts together must prove it; each of them may disprove it.
 * What befalls the hosts with the old version as often is not the new version's doing: that is neither.
 */
function shareClaim(share: Share): Claim {
  const { name, words, hosts, others, limit, confidence, seconds } = share;
  const total = sum(Object.values(hosts));
  const say = (verdict: Claim['verdict'], text: string): Claim => ({
    name,
    verdict,
    text: `${name}: ${text}`,
  });
  const count = ({ events, samples }: Count) =>
    [`${figure(events)} of ${figure(samples)} ${words.sample}`, words.bad].filter(Boolean).join(' ');
  const bad = condemned(share, total);
  if (bad) {
    const text = `${bad.host}${count(bad.count)} (${percent(bad.count)}), more than ${percentOf(limit)}`;
    if (provesMore(bad.count, others, confidence))
      return say('fail', others.samples ? `${text}; peers ${count(others)}` : text);
    if (others.events > 0) return say('hold', `${text}, but the peers have as many: ${count(others)}`);
    return say('hold', `${text}; too little is known of the peers yet: ${count(others)}`);
  }
  const silent = Object.keys(hosts).filter((host) => hosts[host]!.samples === 0);
  if (total.samples === 0)
    return say('hold', `no ${words.sample} in ${figure(Math.round(seconds))} s, so nothing is proven`);
  if (silent.length) return say('hold', `no ${words.sample} yet at ${silent.join(', ')}`);
  if (provesAtMost(total, limit, confidence)) return say('pass', count(total));
  return say('hold', `${count(total)}, ${stillNeeded(total, limit, confidence, seconds)}`);
}

/** The hosts together, or one of them: of many hosts, one is the worst by chance alone. */
function condemned({ hosts, limit }: Share, total: Count): { host: string; count: Count } | undefined {
  if (provesAbove(total, limit, CONDEMNS)) return { host: '', count: total };
  const names = Object.keys(hosts);
  const confidence = 1 - (1 - CONDEMNS) / names.length;
  const host = names.find((name) => provesAbove(hosts[name]!, limit, confidence));
  return host === undefined ? undefined : { host: `${host} `, count: hosts[host]! };
}

function stillNeeded({ events, samples }: Count, limit: number, confidence: number, seconds: number): string {
  const needed = samplesNeeded(events, limit, confidence);
  const rate = samples / Math.max(seconds, 1);
  const wait = Math.ceil((needed - samples) / rate);
  return `${figure(needed)} needed, about ${duration(wait)} more at ${rate < 10 ? rate.toFixed(1) : figure(Math.round(rate))}/s`;
}

const sum = (counts: Count[]): Count =>
  counts.reduce((all, one) => ({ events: all.events + one.events, samples: all.samples + one.samples }), {
    events: 0,
    samples: 0,
  });

const figure = (value: number) => value.toLocaleString('en-US');
const percent = ({ events, samples }: Count) => percentOf(events / samples);
const percentOf = (share: number) => `${Number((share * 100).toPrecision(2))} %`;
const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
const duration = (seconds: number) =>
  seconds < 600 ? `${figure(seconds)} s` : `${figure(Math.ceil(seconds / 60))} min`;
