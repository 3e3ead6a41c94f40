import { get } from 'node:http';
import { BOOT_SECONDS, leaderOf, waitForSsh } from './boot';
import { serverStates } from './haproxy';
import { exec } from './inside';
import { hostDir, isRouted, type LabHost, type LabState } from './topology';
import { until } from './wait';

/**
 * Waits until hosts that were started just now are in service: sshd answers, the example service is
 * healthy, and the balancer says exactly `UP` of those that it routes to.
 */
export async function waitUntilReady(state: LabState, started: LabHost[]): Promise<void> {
  await Promise.all(started.map((host) => waitForSsh(host, hostDir(state.name, host.name))));
  const servers = started.filter((host) => isRouted(host) || host.role === 'spare');
  await Promise.all(
    servers.map(({ name, address }) =>
      until(`the service on ${name} is healthy`, BOOT_SECONDS, () => isHealthy(address)),
    ),
  );
  await Promise.all(
    started.filter(({ role }) => role === 'database').map((host) => databaseAnswers(state, host)),
  );
  await matchNginx(state);
  await matchBalancer(state);
  const routed = started.filter((host) => host.role === 'app').map((host) => host.name);
  await until(`the balancer says UP of ${routed.join(', ')}`, BOOT_SECONDS, async () => {
    const states = await webServers(state);
    return routed.every((name) => /^(UP|MAINT|DRAIN|NOLB)$/.test(states[name] ?? '')) || undefined;
  });
}

/** Reloads HAProxy when the servers it knows are not the lab's hosts (some joined or left). */
async function matchBalancer(state: LabState): Promise<void> {
  const wanted = state.hosts.filter(isRouted).map((host) => host.name);
  const known = await until('the balancer answers on its socket', BOOT_SECONDS, () =>
    webServers(state).then(
      (states) => Object.keys(states),
      () => undefined,
    ),
  );
  if (known.sort().join() === wanted.sort().join()) return;
  const reload = await exec(state.name, 'lb1', ['systemctl', 'reload', 'haproxy']);
  if (reload.code !== 0) throw new Error(reload.stderr);
}

/** It reads at a reload which servers there are. */
async function matchNginx(state: LabState): Promise<void> {
  const host = state.hosts.find(({ role }) => role === 'nginx');
  if (!host) return;
  await until('nginx has loaded its servers', BOOT_SECONDS, async () => {
    const { code } = await exec(state.name, host.name, ['systemctl', 'reload', 'nginx']);
    return code === 0 || undefined;
  });
  await until('nginx serves', BOOT_SECONDS, () => isHealthy(host.address, 80));
}

function databaseAnswers({ name: lab }: LabState, { name }: LabHost): Promise<true> {
  return until(`the database on ${name} answers`, BOOT_SECONDS, async () => {
    const { code } = await exec(lab, name, ['mariadb', '--execute', 'SELECT 1']);
    return code === 0 || undefined;
  });
}

const webServers = async (state: LabState) =>
  serverStates(`/proc/${await leaderOf(state.name, 'lb1')}/root/run/haproxy/admin.sock`, 'web');

function isHealthy(host: string, port = 8080): Promise<true | undefined> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: '/health', timeout: 1000, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 || undefined);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
