import { Gate } from '../contracts/inputs/gate';
import type { RollingUpgradeInput } from '../contracts/inputs/rolling-upgrade';

type Schema = typeof RollingUpgradeInput;

/** Settings whose default is there for safety. */
const GUARDS = ['minHealthySeconds', 'soakSeconds', 'watchSeconds', 'unreachableSeconds'] as const;

/** Defaults are safe, and shortened ones are loud: one note for each that is below its default. */
export function shortened(schema: Schema, input: RollingUpgradeInput): string[] {
  const fallback = (name: (typeof GUARDS)[number]) => schema.shape[name].parse(undefined);
  const notes = GUARDS.filter((name) => input[name] < fallback(name)).map(
    (name) => `${name} is ${input[name]} instead of the default ${fallback(name)}`,
  );
  const drain = schema.shape.drain.parse({});
  if (input.drain.deadlineSeconds < drain.deadlineSeconds)
    notes.push(
      `drain.deadlineSeconds is ${input.drain.deadlineSeconds} instead of the default ${drain.deadlineSeconds}`,
    );
  if (input.drain.onDeadline === 'force')
    notes.push('sessions that outlive the drain deadline are cut (drain.onDeadline is force)');
  return [...notes, ...weakerGate(input.gate)];
}

/** Limits of the gate where more is weaker; the others are weaker where they are less. */
const MORE_IS_WEAKER = [
  'errorRatePercent',
  'p95PercentOfUsual',
  'p95ToleranceMs',
  'cpuPercent',
  'memoryPercent',
  'hostCpuPercent',
  'hostMemoryPercent',
] as const;
const LESS_IS_WEAKER = ['availabilityPercent', 'confidencePercent'] as const;

function weakerGate(gate: Gate): string[] {
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
