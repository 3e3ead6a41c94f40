/** Steps of hosts that go out of service or come back into it. */
import type { OutOfService } from '../../contracts/out-of-service';
import type { PlannedHost, Sums } from '../../contracts/plan';
import type { Change } from './change';
import { limits, options, step, target } from './host-steps';

/** Stops the unit of a host that is out; nothing of it is left. */
export async function stopService(run: Change, host: PlannedHost, why: 'stop' | 'stopAgain'): Promise<void> {
  const { stopService } = options(run, limits(run).switchRelease);
  const { unit } = run.plan.intent.service;
  const input = { ...target(run, host), step: why, round: run.state.rounds[host.name] ?? 0 };
  await step(run, host, why === 'stop' ? 'changing' : 'undoing', () =>
    stopService.executeWithOptions({ summary: `${host.name}: stop ${unit}, prove that nothing is left` }, [
      input,
    ]),
  );
}

/** Starts the unit of a host that is out. */
export async function startService(
  run: Change,
  host: PlannedHost,
  why: 'start' | 'startBack',
): Promise<void> {
  const { startService } = options(run, limits(run).switchRelease);
  const { unit } = run.plan.intent.service;
  const input = { ...target(run, host), step: why, round: run.state.rounds[host.name] ?? 0 };
  await step(run, host, why === 'start' ? 'changing' : 'undoing', () =>
    startService.executeWithOptions({ summary: `${host.name}: start ${unit}` }, [input]),
  );
}

/** Keeps why a host is out of service; null: it serves again. */
export async function markHost(run: Change, host: PlannedHost, mark: OutOfService | null): Promise<void> {
  const { markHost } = options(run, 30);
  const { state } = run.host(host.name);
  const summary = `${host.name}: ${mark ? 'keep why it is out' : 'forget why it was out'}`;
  await step(run, host, state, () =>
    markHost.executeWithOptions({ summary }, [{ ...target(run, host), mark }]),
  );
}

/** The host runs what was planned, by checksums. */
export async function proveEqual(run: Change, host: PlannedHost, sums: Sums): Promise<void> {
  const { proveEqual } = options(run, 120);
  const { change, service } = target(run, host);
  await step(run, host, 'checking', () =>
    proveEqual.executeWithOptions({ summary: `${host.name}: the same release and unit, by checksums` }, [
      { change, service, host: host.name, sums },
    ]),
  );
}
