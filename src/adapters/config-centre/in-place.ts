/** Which files a host may get while it serves. */
import type { ConfigTarget } from '../../contracts/config-set';
import type { Rendered } from './render';
import { actionOf } from './state';

/**
 * What follows on files that a host must leave rotation for: restarts and commands, unless `inPlace` says otherwise. A
 * restart of the service's own unit is never done while it serves.
 *
 * @param unit of the service
 * @returns words of what follows, as the state's actions have them; `null` is nothing
 */
export function barredActions(files: readonly Rendered[], unit: string): Set<string | null> {
  return new Set(files.filter(({ target }) => mustLeave(target, unit)).map(({ target }) => actionOf(target)));
}

function mustLeave({ after, inPlace }: ConfigTarget, unit: string): boolean {
  if (after === 'nothing') return inPlace === false;
  if ('restart' in after && after.restart === unit) return true;
  return !(inPlace ?? 'reload' in after);
}

/**
 * Why a host leaves rotation for these of its files.
 *
 * @param paths that are otherwise there
 * @returns in words; none: it serves on
 */
export function whyOut(files: readonly Rendered[], unit: string, paths: readonly string[]): string[] {
  const barred = barredActions(files, unit);
  const fresh = new Set(paths);
  const actions = files
    .filter(({ target }) => fresh.has(target.path) && barred.has(actionOf(target)))
    .map(({ target }) => afterText(target));
  return [...new Set(actions)];
}

/** What follows, as people read it. */
export function afterText({ after }: ConfigTarget): string {
  if (after === 'nothing') return 'nothing follows';
  const [[what, on]] = Object.entries(after) as [[string, string | string[]]];
  return `${what} ${[on].flat().join(' ')}`;
}
