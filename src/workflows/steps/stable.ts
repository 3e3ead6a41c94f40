/** Which releases a service may go back to when it has to be quick. */
import { ActivityFailure } from '@temporalio/workflow';
import type { Release, Stable } from '../../contracts/stable';
import { mostOften, releaseKey, releaseText } from '../../domain/stable';
import { noteStable } from './activities';
import type { Change } from './change';
import { labelBefore } from './host-steps';

/**
 * What served before the first change of all has proven itself, and so has the configuration that was there before the
 * first one that the config centre knows. Plans of earlier releases do not know.
 */
export async function noteBefore(run: Change): Promise<void> {
  const { stable, at } = run.plan.observed;
  if (!stable) return;
  const version = versionServed(run);
  if (!version) return;
  const release = { version, ...configBefore(run) };
  if (stable.length === 0) return note(run, { ...release, since: at, change: null });
  // of one that was proven earlier it is told now with which configuration
  const known = stable.find((one) => one.version === version);
  if (known && known.config === undefined && release.config !== undefined && run.plan.intent.config)
    await note(run, { ...known, ...release }, [known]);
}

/** The version that most hosts serve with before the change; '': nobody knows. */
export function versionServed(run: Change): string {
  return mostOften(serving(run).map((host) => host.version)) ?? '';
}

/**
 * What hosts had before, by the label that all of them have; where files come, each of them has put its own aside. With
 * blue/green those that served get none.
 */
function configBefore(run: Change): Pick<Release, 'config'> {
  const found = new Set(serving(run).map(({ config }) => config));
  const [config] = found;
  if (found.size === 1 && config !== undefined) return { config };
  const { config: files, blueGreen } = run.plan.intent;
  return files && !blueGreen ? { config: labelBefore(run) } : {};
}

/** Hosts that get requests before the change; where no balancer sends any, all of them. */
function serving({ plan }: Change) {
  return Object.values(plan.observed.hosts).filter(({ traffic }) =>
    Object.values(traffic).every(({ state }) => state === 'in'),
  );
}

/**
 * The change came through, its watch included.
 *
 * @param forget releases that an emergency was the end of
 */
export async function noteProven(run: Change, release: Release, forget: Release[] = []): Promise<void> {
  const { stable } = run.plan.observed;
  if (!stable) return;
  const before = stable.find((known) => releaseKey(known) === releaseKey(release));
  const first = before && { first: before.first ?? before.since };
  await note(run, { ...release, since: new Date().toISOString(), ...first, change: run.status.id }, forget);
}

/** What its hosts run when it is over: those without new files keep what all of them had. */
export function releaseAfter(run: Change, version: string): Release {
  const { config } = run.plan.intent;
  if (config) return { version, config: config.revision };
  const found = new Set(serving(run).map((host) => host.config));
  const [label] = found;
  return found.size === 1 && label !== undefined ? { version, config: label } : { version };
}

/** That it cannot be written down keeps nobody from going on. */
async function note(run: Change, stable: Stable, forget: Release[] = []): Promise<void> {
  const { service } = run.plan.intent;
  const summary = `${service.name} may go back to ${releaseText(stable)}`;
  const keys = [...new Set(forget.map(releaseKey))];
  try {
    await noteStable.executeWithOptions({ summary }, [{ change: run.ref, service, stable, forget: keys }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    run.status.notes.push(
      `an emergency rollback does not know that ${releaseText(stable)} is stable: ${error.cause?.message ?? error.message}`,
    );
  }
}
