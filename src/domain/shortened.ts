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
  return notes;
}
