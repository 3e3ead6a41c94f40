/** Which releases a service may go back to when it has to be quick. */
import { ActivityFailure } from '@temporalio/workflow';
import type { Stable } from '../../contracts/stable';
import { setOf } from '../../domain/blue-green';
import { mostOften } from '../../domain/stable';
import { noteStable } from './activities';
import type { Change } from './change';

/** What served before the first change of all has proven itself. Plans of earlier releases do not know. */
export async function noteBefore(run: Change): Promise<void> {
  const { stable, at, hosts } = run.plan.observed;
  const serving = Object.values(hosts).filter(({ traffic }) => setOf(traffic) === 'live');
  const version = mostOften(serving.map((host) => host.version));
  if (stable?.length === 0 && version) await note(run, { version, since: at, change: null });
}

/**
 * The change came through, its watch included.
 *
 * @param forget versions that an emergency was the end of
 */
export async function noteProven(run: Change, version: string, forget: string[] = []): Promise<void> {
  const { stable } = run.plan.observed;
  if (!stable) return;
  const before = stable.find((known) => known.version === version);
  const first = before && { first: before.first ?? before.since };
  await note(run, { version, since: new Date().toISOString(), ...first, change: run.status.id }, forget);
}

/** That it cannot be written down keeps nobody from going on. */
async function note(run: Change, stable: Stable, forget: string[] = []): Promise<void> {
  const { service } = run.plan.intent;
  const summary = `${service.name} may go back to ${stable.version}`;
  try {
    await noteStable.executeWithOptions({ summary }, [{ change: run.ref, service, stable, forget }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    run.status.notes.push(
      `an emergency rollback does not know that ${stable.version} is stable: ${error.cause?.message ?? error.message}`,
    );
  }
}
