/** Takes one host out of rotation, or puts it back, for a health watch: a change of its own, with a lease of its own. */
import {
  CancellationScope,
  condition,
  defineQuery,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { EjectionInput, EjectionResult } from '../contracts/health-watch';
import type { Held, LeaseAsk } from '../contracts/lease';
import { leaseId, TO_LEASE } from '../contracts/lease';
import type { Status } from '../contracts/status';
import { newStatus } from '../domain/new-status';
import { claimsOf, newTurn } from '../domain/turn';
import { askForLease, hostSteps, raiseFences } from './steps/activities';
import { hostFailed } from './steps/host-failure';
import { listenToLease } from './steps/lease-signals';

/** Milliseconds; whoever has the host by then has it for longer, and is asked again later. */
const GRANTED_WITHIN = 90_000;
/** Seconds for requests that are in work on a host that is unhealthy; then they are cut. */
const DRAIN_SECONDS = 10;
/** Seconds for a host to come up, and to be out of reach. */
const STEP_SECONDS = 90;

export async function ejection(input: EjectionInput): Promise<EjectionResult> {
  const { workflowId: id, firstExecutionRunId, startTime } = workflowInfo();
  const turn = newTurn(`${id}/${firstExecutionRunId}`);
  const ask = askOf(input, id, turn.key);
  const status: Status = {
    ...newStatus({ workflow: 'ejection', id, startedAt: startTime.toISOString() }),
    phase: 'running',
    cluster: input.cluster,
    service: input.service,
    about: ask.what,
    summary: input.why,
  };
  setHandler(defineQuery<Status>('status'), () => status);
  setHandler(defineQuery<Partial<Held> | null>('holding'), () =>
    turn.granted ? { ...ask, epoch: turn.granted.epoch, claims: turn.granted.claims } : null,
  );
  listenToLease(turn, (by, lost) => (turn.over = { by, lost }));
  return CancellationScope.nonCancellable(async () => {
    turn.asked = true;
    await askForLease.executeWithOptions({ summary: `ask for ${input.host.name}` }, [
      { cluster: input.cluster, file: input.file, ask },
    ]);
    await condition(() => turn.granted !== null || turn.refused !== null, GRANTED_WITHIN);
    if (!turn.granted) {
      const lease = getExternalWorkflowHandle(leaseId(input.cluster));
      await lease.signal(TO_LEASE.withdraw, { change: turn.key }).catch(() => undefined);
      return { done: false, why: `its turn did not come in ${GRANTED_WITHIN / 1_000} s` };
    }
    return act(input, id, { id: turn.key, epoch: turn.granted.epoch, cluster: input.file });
  });
}

async function act(
  input: EjectionInput,
  holder: string,
  change: { id: string; epoch: number; cluster: string },
): Promise<EjectionResult> {
  const { host, weights, cap } = input;
  const step = { change, service: { name: input.service }, host };
  const { takeOut, putBack } = hostSteps(DRAIN_SECONDS + STEP_SECONDS, STEP_SECONDS);
  try {
    const lock = { change, service: step.service, hosts: [host], holder };
    await raiseFences.executeWithOptions({ summary: `${host.name}: lock earlier changes out` }, [lock]);
    if (input.act === 'putBack')
      await putBack.executeWithOptions({ summary: `${host.name}: back into rotation` }, [
        { ...step, weights },
      ]);
    else
      await takeOut.executeWithOptions({ summary: `${host.name}: drain, then out of rotation` }, [
        { ...step, cap, away: [], deadlineSeconds: DRAIN_SECONDS, force: true },
      ]);
    return { done: true, why: '' };
  } catch (error) {
    return { done: false, why: hostFailed(host.name, error).message };
  }
}

/** The host alone: other hosts of the service may be worked on, and are counted where it is taken out. */
function askOf({ host, service, act: wanted }: EjectionInput, id: string, change: string): LeaseAsk {
  const what = `${service}: ${host.name} ${wanted === 'eject' ? 'out, it is unhealthy' : 'back, it is well again'}`;
  const claims = claimsOf(service, [host]).filter(({ name }) => name !== `service ${service}`);
  return { id, change, what, rank: wanted === 'eject' ? 'emergency' : 'usual', claims, same: [] };
}
