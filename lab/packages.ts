import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { LabError } from './error';
import { attempt, run } from './hosts/command';
import { onPath } from './temporal/programs';
import { telling } from './temporal/words';

const APT_LIMIT_MS = 600_000;
const QUIET = ['-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
/** Debian asks this program before it starts a service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** A Debian package that is wanted for a program, and the services that it would start unasked. */
export interface Wanted {
  program: string;
  debianPackage: string;
  services?: readonly string[];
}

/**
 * Installs what is missing with apt, as root; throws with the command to give when this user may not.
 * Services that come with a package (sshd!) are neither started nor enabled: their programs are wanted.
 *
 * @param what what they are for: `to download Temporal's server`
 */
export async function ensurePrograms(wanted: readonly Wanted[], what: string): Promise<void> {
  const missing = wanted.filter(({ program }) => !onPath(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))];
  refuse(packages, what);
  await telling(`installing system packages ${what}: ${packages.join(' ')}`, async () => {
    await withoutServices(() => install(packages));
    const services = missing.flatMap((one) => one.services ?? []);
    if (services.length > 0 && onPath('systemctl'))
      await attempt('systemctl', ['disable', '--quiet', ...services]);
  });
}

function refuse(packages: readonly string[], what: string): void {
  const missing = `missing ${what}: ${packages.join(', ')}`;
  if (!onPath('apt-get'))
    throw new LabError(`${missing}. This is no Debian: install them with its own tools`);
  if (process.getuid?.() === 0) return;
  throw new LabError(`${missing}. Run: sudo apt-get install ${packages.join(' ')}`);
}

/** A fresh machine has no package lists, an old one has lists of packages that are gone. */
async function install(packages: readonly string[]): Promise<void> {
  const once = () => apt(['install', ...QUIET, ...packages]);
  await once().catch(async () => {
    await apt(['update', '-qq']);
    await once();
  });
}

async function apt(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', args, { timeoutMs: APT_LIMIT_MS, env });
}

async function withoutServices(work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return work();
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}
