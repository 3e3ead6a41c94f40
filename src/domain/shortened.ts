import { Drain } from '../contracts/inputs/common';
import { Gate } from '../contracts/inputs/gate';
import { Ramp, type RampStep } from '../contracts/inputs/ramp';
import type { RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';

type Guard = (typeof GUARDS)[number];

/** Settings whose default is there for safety. */
const GUARDS = ['minHealthySeconds', 'soakSeconds', 'watchSeconds', 'unreachableSeconds'] as const;

/** Defaults are safe, and shortened ones are loud: one note for each that is below its default. */
export function shortened(
  schema: { shape: Pick<(typeof RollingUpgradeInput)['shape'], Guard> },
  input: Pick<RollingUpgradeInput, Guard | 'drain' | 'gate'>,
): string[] {
  const fallback = (name: Guard) => schema.shape[name].parse(undefined);
  const notes = GUARDS.filter((name) => input[name] < fallback(name)).map(
    (name) => `${name} is ${input[name]} instead of the default ${fallback(name)}`,
  );
  return [...notes, ...shortenedDrain(input.drain), ...weakerGate(input.gate)];
}

export function shortenedDrain(drain: Drain): string[] {
  const fallback = Drain.parse({});
  const notes = [];
  if (drain.deadlineSeconds < fallback.deadlineSeconds)
    notes.push(
      `drain.deadlineSeconds is ${drain.deadlineSeconds} instead of the default ${fallback.deadlineSeconds}`,
    );
  if (drain.onDeadline === 'force')
    notes.push('sessions that outlive the drain deadline are cut (drain.onDeadline is force)');
  return notes;
}

/** One note for each step of a ramp at which a host is judged for less time than a default one. */
export function shortenedRamp(steps: readonly RampStep[]): string[] {
  const least = Math.min(...Ramp.parse(undefined).map(({ seconds }) => seconds));
  const short = steps.filter(({ seconds }) => seconds < least);
  if (short.length === 0) return [];
  const times = short.map(({ percent, seconds }) => `${seconds} s at ${percent} %`).join(', ');
  return [`the ramp is shortened: ${times}, instead of the default ${least} s at each step`];
}

/** Limits of the gate where more is weaker; the others are weaker where they are less. */
const MORE_IS_WEAKER = [
  'errorRatePercent',
  'p95PercentOfUsual',
  'p95ToleranceMs',
  'timePercentOfPeers',
  'cpuPercent',
  'memoryPercent',
  'hostCpuPercent',
  'hostMemoryPercent',
] as const;
const LESS_IS_WEAKER = ['availabilityPercent', 'confidencePercent', 'memoryHoursLeft'] as const;

export function weakerGate(gate: Gate): string[] {
  if (!gate.enabled)
    return [
      'the gate is switched off (gate.enabled is false): errors, response times and use are not looked at',
    ];
  const fallback = Gate.parse({});
  return [
    ...MORE_IS_WEAKER.filter((name) => gate[name] > fallback[name]),
    ...LESS_IS_WEAKER.filter((name) => gate[name] < fallback[name]),
  ].map((name) => `gate.${name} is ${gate[name]} instead of the default ${fallback[name]}`);
}
