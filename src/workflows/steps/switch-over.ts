/** All balancers of a service send its requests to the other set of hosts, each in one step. */
import type { PlannedHost } from '../../contracts/plan';
import { balancersOf, setsOf, SWITCH } from '../../domain/blue-green';
import { askAbout } from './ask';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { badState, HostFailed, hostFailed } from './host-failure';
import { limits, options, patiently, weightsOf } from './host-steps';
import { walk } from './walk';

/** Who gets the requests, and who got them. */
interface Sets {
  to: PlannedHost[];
  from: PlannedHost[];
  /** `some`: whoever is well is better than who serves now */
  needs: 'all' | 'some';
}

/** To the set with the new release, one balancer after the other; one that does not switch stops it. */
export async function switchOver(run: Change): Promise<void> {
  const { coming, leaving } = setsOf(run.plan.intent);
  const to = coming.filter(({ name }) => run.host(name).state === 'ramping');
  const sets: Sets = { to, from: leaving, needs: 'all' };
  for (const balancer of balancersOf(run.plan.intent))
    await orAsk(run, `${balancer} does not switch`, () => switchAt(run, balancer, sets, 'running'));
  for (const { name } of to) run.note(name, { state: 'done', note: undefined });
  for (const { name } of leaving) run.note(name, { state: 'draining' });
  run.noteStep(SWITCH, { state: 'done', note: `requests go to ${names(to)}` });
}

/**
 * Work of the switch that may fail: it is stopped, or a person is asked.
 *
 * @param what in words, of what does not come to its end
 */
export async function orAsk(run: Change, what: string, work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      const failure = hostFailed(SWITCH, error);
      const message = `${what}: ${failure.message}`;
      run.noteStep(SWITCH, { state: badState(failure), note: message });
      if (failure.kind === 'fenced')
        throw new ChangeStopped('failed', `${failure.message}; it is left to the newer change`, false);
      if (run.plan.intent.settings.onFailure !== 'ask')
        throw new ChangeStopped('failed', message, 'asPlanned');
      const question = `${message}. Try again, take it as done (skip), or abort?`;
      if ((await askAbout(run, { step: SWITCH }, question)) === 'skip') return;
    }
  }
}

/**
 * Back to the old set, all balancers side by side: one that cannot be reached keeps no other one from going back, and
 * neither does an old host that is not well.
 *
 * @throws HostFailed when requests may still go elsewhere somewhere, or not all of the old set serve
 */
export async function switchBack(run: Change): Promise<void> {
  const { coming, leaving } = setsOf(run.plan.intent);
  const from = coming.filter(({ name }) => !['skipped', 'undone'].includes(run.host(name).state));
  const sets: Sets = { to: leaving, from, needs: 'some' };
  const balancers = balancersOf(run.plan.intent);
  const stuck: string[] = [];
  await walk(balancers, balancers.length, async (balancer) => {
    try {
      const left = await switchAt(run, balancer, sets, 'undoing');
      if (left.length) stuck.push(`${balancer} does not find ${left.join(', ')} well`);
    } catch (error) {
      const { message, kind } = hostFailed(SWITCH, error);
      if (kind === 'fenced') throw error;
      stuck.push(`${balancer} could not be switched back (${message})`);
    }
  }).then(({ failures: [first] }) => {
    if (first) throw hostFailed(SWITCH, first.error);
  });
  if (stuck.length) throw new HostFailed(SWITCH, 'failed', stuck.join('; '));
  for (const { name } of leaving) run.note(name, { state: 'serving', note: undefined });
  for (const { name } of from) if (run.host(name).state === 'done') run.note(name, { state: 'draining' });
}

/** @returns hosts that the balancer does not find well */
async function switchAt(
  run: Change,
  balancer: string,
  { to, from, needs }: Sets,
  state: 'running' | 'undoing',
): Promise<string[]> {
  const { hosts } = run.plan.observed;
  const { service } = run.plan.intent;
  const weightOf = ({ name }: PlannedHost) => weightsOf(hosts[name]?.traffic ?? {})[balancer] ?? 0;
  const input = {
    change: run.ref,
    service,
    balancer,
    to: to.map((host) => ({ host, weight: weightOf(host) })),
    from,
    needs,
  };
  // it waits twice for balancers to find hosts well, and nginx may take a minute to load
  const { switchTraffic } = options(run, 2 * limits(run).putBack + 60);
  const summary = `${balancer}: requests go to ${names(to)}`;
  const show = (failure?: HostFailed) => run.noteStep(SWITCH, { state, note: failure?.message });
  show();
  const { traffic, left } = await patiently(
    run,
    SWITCH,
    () => switchTraffic.executeWithOptions({ summary }, [input]),
    show,
  );
  for (const [name, facts] of Object.entries(traffic))
    run.note(name, { balancers: { ...run.host(name).balancers, [balancer]: facts } });
  run.clock.advance();
  return left;
}

export const names = (hosts: { name: string }[]) => hosts.map(({ name }) => name).join(', ');
