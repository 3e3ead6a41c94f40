/** What can befall a host, for real, and how it is undone. None of it is known to Pawl. */
import { existsSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LabError } from '../error';
import { boot, BOOT_SECONDS, leader, leaderOf, waitForSsh } from './boot';
import { killAll, setFrozen } from './cgroups';
import { attempt, run } from './command';
import { exec } from './inside';
import { withLock } from './lock';
import { stateOf } from './state';
import { gateway, hostDir, hostRoot, labDir, type LabHost, type LabState } from './topology';
import { until } from './wait';

/** Reboots in good order; resolves when sshd answers again, with the new boot id. */
export async function reboot(lab: string, host: string): Promise<string> {
  const { state, target } = await find(lab, host);
  const before = await leaderOf(lab, host);
  await inside(lab, host, ['systemctl', 'reboot']);
  await until(`${host} goes down and is started again`, BOOT_SECONDS, async () => {
    const now = await leader(lab, host);
    return (now !== undefined && now !== before) || undefined;
  });
  await waitForSsh(target, hostDir(state.name, host));
  return bootId(lab, host);
}

/** Changes with each start of the host. */
export async function bootId(lab: string, host: string): Promise<string> {
  return (await inside(lab, host, ['cat', '/proc/sys/kernel/random/boot_id'])).trim();
}

/** Shuts down in good order; the host stays off until `start`. */
export async function powerOff(lab: string, host: string): Promise<void> {
  await inside(lab, host, ['systemctl', 'poweroff']);
  await until(`${host} powers off`, BOOT_SECONDS, async () =>
    (await leader(lab, host)) === undefined ? true : undefined,
  );
}

/** All processes of the host end at once, as if the cord were pulled; it stays off until `start`. */
export async function powerCut(lab: string, host: string): Promise<void> {
  await find(lab, host);
  await killAll(lab, host);
}

/** Starts a host that is off, with the disk it had; resolves when sshd answers. */
export async function start(lab: string, host: string): Promise<void> {
  const { state, target } = await find(lab, host);
  await withLock(dirname(labDir(lab)), () => boot(state, host));
  await waitForSsh(target, hostDir(lab, host));
}

/** Nothing on the host runs any more, yet its connections stay open. */
export async function freeze(lab: string, host: string): Promise<void> {
  await find(lab, host);
  await setFrozen(lab, host, true);
}

export async function thaw(lab: string, host: string): Promise<void> {
  await find(lab, host);
  await setFrozen(lab, host, false);
}

/**
 * Drops all packets between a host and others, silently and both ways, until `heal`.
 *
 * @param from host names, or `machine` for where the worker runs; default: everybody
 */
export async function partition(lab: string, host: string, from?: string[]): Promise<void> {
  const { state } = await find(lab, host);
  const peers = from?.map((peer) => (peer === 'machine' ? gateway(state.net) : hostOf(state, peer).address));
  const side = (hook: 'input' | 'output', field: 'saddr' | 'daddr', card: 'iifname' | 'oifname') =>
    `chain ${hook} { type filter hook ${hook} priority 0; ` +
    `${peers ? `ip ${field} { ${peers.join(', ')} }` : `${card} != "lo"`} drop; }`;
  const table = `${side('input', 'saddr', 'iifname')}\n${side('output', 'daddr', 'oifname')}`;
  await heal(lab, host);
  await run('nsenter', [...(await hostNetwork(lab, host)), 'nft', '-f', '-'], {
    input: `table inet pawl {\n${table}\n}\n`,
  });
}

export async function heal(lab: string, host: string): Promise<void> {
  const nft = [...(await hostNetwork(lab, host)), 'nft'];
  const { code } = await attempt('nsenter', [...nft, 'list', 'table', 'inet', 'pawl']);
  if (code === 0) await run('nsenter', [...nft, 'delete', 'table', 'inet', 'pawl']);
}

/** Ends all SSH sessions at once; the programs they started go on. New sessions are let in. */
export async function cutSsh(lab: string, host: string): Promise<void> {
  const { code, stderr } = await exec(lab, host, ['pkill', '-KILL', '-f', '^sshd: [^/]']);
  if (code > 1) throw new LabError(`pkill on ${host} ended with ${code}: ${stderr}`); // 1: there was none
}

const filler = (lab: string, host: string) => join(hostRoot(lab, host), 'opt/web/.filler');

/** Fills the file system under /opt/web to the last byte. */
export async function fillDisk(lab: string, host: string): Promise<void> {
  await find(lab, host);
  const disk = dirname(filler(lab, host));
  if (existsSync(filler(lab, host))) await freeDisk(lab, host);
  const { bavail, bsize } = await statfs(disk);
  await run('fallocate', ['--length', String(bavail * bsize), filler(lab, host)]);
}

export async function freeDisk(lab: string, host: string): Promise<void> {
  await rm(filler(lab, host), { force: true });
}

async function hostNetwork(lab: string, host: string): Promise<string[]> {
  return ['--target', String(await leaderOf(lab, host)), '--net'];
}

async function inside(lab: string, host: string, argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await exec(lab, host, argv);
  if (code !== 0) throw new LabError(`${argv.join(' ')} on ${host} ended with ${code}: ${stderr.trim()}`);
  return stdout;
}

async function find(lab: string, host: string): Promise<{ state: LabState; target: LabHost }> {
  const state = await stateOf(lab);
  return { state, target: hostOf(state, host) };
}

function hostOf(state: LabState, name: string): LabHost {
  const host = state.hosts.find((one) => one.name === name);
  const known = state.hosts.map((one) => one.name).join(', ');
  if (!host) throw new LabError(`lab ${state.name} has no host "${name}"; it has ${known}`);
  return host;
}
