import { createHash } from 'node:crypto';
import { loadProgram } from './programs';
import { quote } from './quote';

/** A job's own text: its arguments, then its program. */
export function jobScript(script: string, args: readonly string[]): string {
  return `set -- ${args.map(quote).join(' ')}\n${loadProgram(`jobs/${script}`).text}`;
}

/**
 * Names one execution. Attempts with the same key attach to it; neither run id nor plan hash belong
 * here, because a reset workflow must find the job of its earlier life.
 *
 * @param of.round rises when a person retries, or when a step is done again after its undo
 * @returns SHA-256, hex
 */
export function jobKey(of: {
  change: string;
  step: string;
  host: string;
  script: string;
  args: readonly string[];
  round: number;
}): string {
  const script = sha256(jobScript(of.script, of.args));
  return sha256(JSON.stringify([of.change, of.step, of.host, script, of.round]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
