import http from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { PawlError } from '../contracts/failures';
import type { Check } from '../contracts/inputs/rolling-upgrade';
import type { PlannedHost, PlannedService } from '../contracts/plan';
import type { RemoteHost } from '../contracts/world';
import type { ChangeRef } from './attempt';
import { attempt } from './attempt';
import { keepingOut } from './traffic';
import type { Worlds } from './world';
import { trafficOf } from './world';

/** Milliseconds between two looks at a service that is starting. */
const LOOK = 20;
/** Milliseconds between two looks at a service that should just stay healthy. */
const WATCH = 1_000;
/** A watched host may miss so many looks in a row before it counts as unhealthy. */
const MISSES = 3;
/** Characters of an answer that are looked at. */
const LONGEST_BODY = 65_536;

export function healthActivities(worlds: Worlds) {
  return {
    /** Unit active, health answering, the right version served, and the user's checks passed, while the host stays out. */
    async proveHealthy(input: {
      change: ChangeRef;
      service: PlannedService;
      host: PlannedHost;
      version: string;
      checks: Check[];
    }) {
      const world = await worlds.of(input.change.cluster);
      const now = attempt(input.change);
      const remote = world.hosts.on(input.host.name);
      await keepingOut(world, input.host, now, async () => {
        await becomesHealthy(remote, input.service, input.version, now.signal);
        for (const check of input.checks) await passes(remote, input.service, check, now.signal);
      });
    },

    /** Looks at hosts in rotation each second until cancelled; ends in Unhealthy when one does not stay so. */
    async watchHosts(input: {
      change: ChangeRef;
      service: PlannedService;
      hosts: PlannedHost[];
      version: string;
    }) {
      const world = await worlds.of(input.change.cluster);
      const { signal, progress } = attempt(input.change);
      const misses = new Map<string, number>();
      while (!signal.aborted) {
        await Promise.all(
          input.hosts.map(async (host) => {
            const fault = await faultOf(
              world.hosts.on(host.name),
              input.service,
              input.version,
              signal,
              async () => Object.entries(await trafficOf(world, host, signal)),
            );
            const missed = fault ? (misses.get(host.name) ?? 0) + 1 : 0;
            misses.set(host.name, missed);
            if (missed >= MISSES)
              throw new PawlError('Unhealthy', `${host.name} did not stay healthy: ${fault}`);
          }),
        );
        progress(`${input.hosts.length} hosts watched`);
        await delay(WATCH, undefined, { signal });
      }
    },
  };
}

async function faultOf(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  signal: AbortSignal,
  traffic: () => Promise<[string, { state: string; says: string }][]>,
): Promise<string | undefined> {
  try {
    const late = (await traffic()).find(([, { state }]) => state !== 'in');
    if (late) return `${late[1].says} at ${late[0]}`;
    return await unhealthy(remote, service, version, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

async function becomesHealthy(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + service.limits.healthySeconds * 1_000;
  for (;;) {
    const fault = await unhealthy(remote, service, version, signal);
    if (!fault) break;
    const { active, restarts } = await unitState(remote, service.unit, signal);
    const hopeless = active === 'failed' || active === 'inactive' || restarts >= 3;
    if (hopeless || Date.now() > deadline)
      throw new PawlError(
        'Unhealthy',
        `${remote.name}: ${service.unit} is ${active} after ${restarts} restarts: ${fault}`,
      );
    await delay(LOOK, undefined, { signal });
  }
  const { active } = await unitState(remote, service.unit, signal);
  if (active !== 'active')
    throw new PawlError(
      'Unhealthy',
      `${remote.name}: something answers on port ${service.port}, but ${service.unit} is ${active}`,
    );
}

/** @returns what is wrong, or undefined */
async function unhealthy(
  remote: RemoteHost,
  service: PlannedService,
  version: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const timeoutMs = service.health.timeoutSeconds * 1_000;
  const health = await get(remote, service.port, service.health.path, timeoutMs, signal);
  if (health.status !== 200)
    return `${service.health.path} answers ${health.status} ${health.body.slice(0, 80)}`;
  if (!service.version) return undefined;
  const served = await get(remote, service.port, service.version.path, timeoutMs, signal);
  const words = served.body.split(/[\s"',{}[\]]+/);
  return words.includes(version)
    ? undefined
    : `${service.version.path} answers ${served.status} ${served.body.trim().slice(0, 80)} instead of ${version}`;
}

async function passes(
  remote: RemoteHost,
  service: PlannedService,
  check: Check,
  signal: AbortSignal,
): Promise<void> {
  if ('command' in check) {
    const ran = await remote.run('run-command', check.command, {
      signal,
      timeoutMs: check.timeoutSeconds * 1_000,
      maxOutputBytes: 4_096,
    });
    if (ran.code === 0) return;
    throw new PawlError(
      'Unhealthy',
      `${remote.name}: check ${check.name} ended with ${ran.code}: ${(ran.stderr || ran.stdout).trim().slice(-200)}`,
    );
  }
  const answer = await get(remote, service.port, check.http.path, 10_000, signal);
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

async function unitState(
  remote: RemoteHost,
  unit: string,
  signal: AbortSignal,
): Promise<{ active: string; restarts: number }> {
  const ran = await remote.run('unit-state', [unit], { signal });
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(ran.stdout)?.[1];
  return { active: value('ActiveState') ?? 'unknown', restarts: Number(value('NRestarts') ?? 0) };
}

/** A request that starts on the host itself. `status` 0 means that there was no answer; the body says why. */
async function get(
  remote: RemoteHost,
  port: number,
  path: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const stream = await remote.openTcp('127.0.0.1', port, bounded);
    try {
      return await request(stream, path, bounded);
    } finally {
      // channels are few, and http does not close a stream that it did not open
      stream.destroy();
    }
  } catch (error) {
    if (signal.aborted || (error instanceof PawlError && error.type === 'HostUnreachable')) throw error;
    return { status: 0, body: error instanceof Error ? error.message : String(error) };
  }
}

function request(
  stream: Duplex,
  path: string,
  signal: AbortSignal,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      path,
      host: 'localhost',

      createConnection: () => stream,
      signal,
      headers: { connection: 'close' },
    };
    const sent = http.get(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < LONGEST_BODY) body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    sent.on('error', reject);
  });
}
