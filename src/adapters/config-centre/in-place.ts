/** Which files a host may get while it serves. */
import type { ConfigTarget } from '../../contracts/config-set';
import type { GoneFile } from '../../contracts/plan';
import type { Rendered } from './render';
import { actionOf } from './state';

/**
 * What follows on files that a host must leave rotation for: restarts and commands, unless `inPlace` says otherwise. A
 * restart of the service's own unit is never done while it serves.
 *
 * @param unit of the service
 * @returns words of what follows, as the state's actions have them; `null` is nothing
 */
export function barredActions(
  files: readonly Rendered[],
  unit: string,
  gone: readonly GoneFile[] = [],
): Set<string | null> {
  const barred = files.filter(({ target }) => mustLeave(target, unit)).map(({ target }) => actionOf(target));
  // what its target said is not known any more
  const ofGone = gone.map(({ action }) => action).filter((action) => action && !action.startsWith('reload '));
  return new Set([...barred, ...ofGone]);
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
 * @param gone that are removed
 * @returns in words; none: it serves on
 */
export function whyOut(
  files: readonly Rendered[],
  unit: string,
  paths: readonly string[],
  gone: readonly GoneFile[] = [],
): string[] {
  const barred = barredActions(files, unit, gone);
  const fresh = new Set(paths);
  const actions = files
    .filter(({ target }) => fresh.has(target.path) && barred.has(actionOf(target)))
    .map(({ target }) => afterText(target));
  const removals = gone.filter(({ action }) => barred.has(action)).map(({ path }) => `${path} is removed`);
  return [...new Set([...actions, ...removals])];
}

/** What follows, as people read it. */
export function afterText({ after }: ConfigTarget): string {
  if (after === 'nothing') return 'nothing follows';
  const [[what, on]] = Object.entries(after) as [[string, string | string[]]];
  return `${what} ${[on].flat().join(' ')}`;
}
