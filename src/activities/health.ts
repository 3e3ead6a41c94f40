import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../adapters/deadline';
import { PawlError } from '../contracts/failures';
import type { Check } from '../contracts/inputs/common';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import type { RemoteHost } from '../contracts/world';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { answers, commandFault, get, unhealthy, unitState } from './probe';
import { keepingOut } from './traffic';
import type { Worlds } from './world';

/** Milliseconds between two looks at a service that is starting. */
const LOOK = 20;

export function healthActivities(worlds: Worlds) {
  return {
    /**
     * Unit active, health answering, the right version served, and the user's checks passed, while the host stays out.
     *
     * @param input.inPlace it is in rotation, and stays there
     */
    async proveHealthy(input: {
      change: ChangeRef;
      service: PlannedService;
      host: PlannedHost;
      version: string;
      checks: Check[];
      inPlace?: boolean;
    }) {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const remote = world.hosts.on(input.host.name);
      const prove = async () => {
        await becomesHealthy(remote, input.service, input.version, now.signal);
        for (const check of input.checks) await passes(remote, input.service, check, now.signal);
      };
      await (input.inPlace ? prove() : keepingOut(world, input.host, now, prove));
    },
  };
}

async function becomesHealthy(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + service.limits.healthySeconds * 1_000;
  for (;;) {
    // side by side: what answers on the port must be the unit, and both are asked each time anyway
    const [fault, { active, restarts }] = await Promise.all([
      unhealthy(remote, service, version, signal),
      unitState(remote, service.unit, signal),
    ]);
    if (!fault && active === 'active') return;
    const hopeless = active === 'failed' || active === 'inactive' || restarts >= 3;
    if (hopeless || performance.now() > deadline)
      throw new PawlError(
        'Unhealthy',
        fault
          ? `${remote.name}: ${service.unit} is ${active} after ${restarts} restarts: ${fault}`
          : `${remote.name}: something answers on port ${service.port}, but ${service.unit} is ${active}`,
      );
    await delay(LOOK, undefined, { signal });
  }
}

async function passes(
  remote: RemoteHost,
  service: PlannedService,
  check: Check,
  signal: AbortSignal,
): Promise<void> {
  if ('command' in check) {
    const fault = await commandFault(remote, check.command, check.timeoutSeconds, signal);
    if (fault) throw new PawlError('Unhealthy', `${remote.name}: check ${check.name} ${fault.says}`);
    return;
  }
  if ('tcp' in check) {
    const fault = await connectFault(remote, check.tcp, check.timeoutSeconds, signal);
    if (fault) throw new PawlError('Unhealthy', `${remote.name}: check ${check.name}: ${fault}`);
    return;
  }
  const ask = () => get(remote, service.port, check.http.path, 10_000, signal);
  let answer = await ask();
  // an SSH session that ends meanwhile looks like a service that gives up: only the second time counts
  if (answer.status === 0) answer = await ask();
  if (answer.status !== check.http.status)
    throw new PawlError(
      'Unhealthy',
      `${remote.name}: check ${check.name}: ${check.http.path} answers ${answer.status} instead of ${check.http.status}`,
    );
  if (check.http.contains !== undefined && !answer.body.includes(check.http.contains))
    throw new PawlError(
      'Unhealthy',
      `${remote.name}: check ${check.name}: ${check.http.path} does not contain ${JSON.stringify(check.http.contains)}`,
    );
}

/** @returns how a connection from the host could not be made, or undefined */
async function connectFault(
  remote: RemoteHost,
  { host, port }: { host: string; port: number },
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return within(timeoutSeconds * 1_000, signal, async (deadline) => {
    try {
      (await remote.openTcp(host, port, deadline.signal)).destroy();
      return undefined;
    } catch (error) {
      if (signal.aborted || (error instanceof PawlError && error.type === 'HostUnreachable')) throw error;
      if (!deadline.passed) return `${host}:${port} takes no connection from it`;
      await answers(remote, signal);
      return `${host}:${port} gives no answer in ${timeoutSeconds} s`;
    }
  });
}
