import type { RolloutIntent } from '../../contracts/plan';
import type { Change } from './change';
import { isTestHost } from './config-steps';
import { BatchGate, GateFailed } from './gate';
import { HostFailed } from './host-failure';
import { stayHealthy } from './host-steps';
import { settle, settleGate } from './settle';

/** How hosts are judged while they are observed. */
interface Judged {
  /** the gate's name; none: only their health counts */
  gate?: string;
  /** true: nobody else serves that could be compared with */
  alone?: boolean;
  /** of their full weights that they have; default: all */
  percent?: number;
  /** in words: what happens when the time is over */
  then?: string;
}

/** At 0 percent none but test users get to a host. */
export const trafficAt = (percent?: number) => (percent === 0 ? { traffic: 'draining' as const } : {});

/**
 * Observes all hosts that carry the change.
 *
 * @returns false when a person had to be asked about a host; then it begins again
 */
export async function observed(
  run: Change<RolloutIntent>,
  phase: 'watching' | 'soaking',
  seconds: number,
  what: string,
  { gate: name, alone, percent, then }: Judged,
): Promise<boolean> {
  const done = run.plan.intent.hosts.filter(
    ({ name }) => run.host(name).state === 'done' && !isTestHost(run, name),
  );
  run.enter(phase, what);
  // what test users ask is too little to judge by
  const gate =
    name === undefined || percent === 0 ? null : BatchGate.open(run, done, name, alone ? [] : undefined);
  const more: Parameters<typeof stayHealthy>[4] = {
    ...trafficAt(percent),
    ...(gate && { beside: gate.failed }),
    ...(then && { then }),
  };
  try {
    await stayHealthy(run, done, seconds, what, more);
    await gate?.pass(phase);
    return true;
  } catch (error) {
    if (error instanceof GateFailed) return settleGate(run, error);
    if (!(error instanceof HostFailed)) throw error;
    const host = done.find(({ name }) => name === error.host);
    if (!host) throw error;
    if ((await settle(run, host, error)) === 'retry') run.note(host.name, { state: 'done', note: undefined });
    return false;
  } finally {
    gate?.close();
  }
}
