import type { Intent, PlannedHost, UpgradeIntent } from '../../contracts/plan';
import { setsOf } from '../../domain/blue-green';
import { announce } from './announce';
import { boundary } from './boundary';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { keepConfig, stageConfig } from './config-steps';
import { prepareHost } from './command';
import { badState, hostFailed } from './host-failure';
import { stageRelease } from './host-steps';
import { isLongInside } from './long';
import { progressing } from './progress';
import { fencesUp } from './turn';
import { SIDE_BY_SIDE, walk } from './walk';

/** Prepares hosts and brings the release to them while all that serve do so. */
export async function stage(run: Change<UpgradeIntent>): Promise<void> {
  const { intent } = run.plan;
  // what users' commands do on hosts comes after all of earlier changes
  const begin = () => (intent.prepare ? fencesUp(run) : undefined);
  await stageAll(run, setsOf(intent).coming, intent.version, stageOne, begin);
  if (intent.config && run.state.staged) await keepConfig(run, intent.config);

  async function stageOne(host: PlannedHost): Promise<void> {
    for (const prepare of intent.prepare ?? []) await prepareHost(run, host, prepare);
    await stageRelease(run, host);
    if (intent.config) await stageConfig(run, host, intent.config);
    run.note(host.name, { state: 'staged' });
  }
}

/**
 * Brings something to hosts that serve on; in the midst of them when the history is long. One that does not take it ends
 * the change before any is touched.
 */
export async function stageAll<I extends Intent>(
  run: Change<I>,
  hosts: readonly PlannedHost[],
  what: string,
  stageOne: (host: PlannedHost) => Promise<void>,
  begin: () => Promise<void> | undefined = () => undefined,
): Promise<void> {
  run.enter('preparing', `staging ${what} on ${hosts.length} hosts`);
  await begin();
  const left = hosts.filter(({ name }) => run.host(name).state !== 'staged');
  const one = async (host: PlannedHost) => {
    await boundary(run);
    await stageOne(host);
  };
  const { failures, notStarted } = await progressing(run, () =>
    walk(left, SIDE_BY_SIDE, one, () => isLongInside(run)),
  );
  for (const { item, error } of failures) {
    if (error instanceof ChangeStopped) throw error;
    const failure = hostFailed(item.name, error);
    run.note(item.name, { state: badState(failure), note: failure.message });
    announce(run, 'hostFailed', { host: item.name, why: failure.message });
  }
  const [first] = failures;
  if (first) {
    // what was tried on a test host goes back
    const undo = run.state.touched && 'asPlanned';
    throw new ChangeStopped('failed', `not prepared: ${run.host(first.item.name).note}`, undo);
  }
  run.state.staged = notStarted.length === 0;
}
