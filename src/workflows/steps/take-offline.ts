import type { Intent, PlannedHost } from '../../contracts/plan';
import type { Change } from './change';
import { weightsOf } from './host-steps';
import { markHost, stopService } from './service-steps';
import { leaveRotation } from './settle';
import { willUndo } from './undo';

/** A host out of rotation, its service stopped, and kept why. The undo of each step is written down before the step. */
export async function takeOffline(
  run: Change<Intent & { outFor: { reason: string; by: string } }>,
  host: PlannedHost,
): Promise<void> {
  const { name } = host;
  const { hosts } = run.plan.observed;
  const { version = '', active, traffic = {} } = hosts[name] ?? {};
  const weights = weightsOf(traffic);
  // one that served nobody has nothing to be brought back to
  const served = Object.values(traffic).every(({ state }) => state === 'in');
  run.state.touched = true;
  if (served) willUndo(run, { step: 'putBack', host: name, weights });
  await leaveRotation(run, host);
  if (active === 'active') willUndo(run, { step: 'startBack', host: name, version });
  await stopService(run, host, 'stop');
  willUndo(run, { step: 'forgetMark', host: name });
  const since = new Date().toISOString();
  await markHost(run, host, { ...run.plan.intent.outFor, since, change: run.status.id, weights });
}
