import { existsSync } from 'node:fs';
import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../error';
import { hierarchies } from './cgroups';
import { attempt, run } from './command';

/** Programs that the lab calls → the Debian package that brings each. */
const PROGRAMS = {
  'systemd-nspawn': 'systemd-container',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  nft: 'nftables',
  mount: 'mount',
  flock: 'util-linux',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  'ssh-keygen': 'openssh-client',
  ssh: 'openssh-client',
  tar: 'tar',
  gzip: 'gzip',
  'dpkg-deb': 'dpkg',
} as const;

/** What keeps this machine from running a lab at all, in words; empty when it can. */
export async function obstacles(): Promise<string[]> {
  if (process.platform !== 'linux') return [`the lab needs Linux; this is ${process.platform}`];
  const found: string[] = [];
  if (process.getuid?.() !== 0) found.push('the lab makes real hosts and needs root: run it with sudo');
  const [cgroup2] = await hierarchies();
  const writable =
    cgroup2 &&
    (await access(cgroup2, constants.W_OK).then(
      () => true,
      () => false,
    ));
  if (!writable)
    found.push('no cgroup 2 file system is mounted writable (in a container: give it a cgroup of its own)');
  const overlay = /\boverlay$/m.test(await readFile('/proc/filesystems', 'utf8').catch(() => ''));
  if (!overlay && (await attempt('modprobe', ['overlay']).catch(() => ({ code: 1 }))).code !== 0) {
    found.push('the kernel has no overlay file system');
  }
  return found;
}

/** Debian packages that hold programs which the lab needs and this machine lacks. */
export function missingPackages(): string[] {
  const path = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin');
  const isHere = (program: string) => path.some((folder) => existsSync(join(folder, program)));
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isHere(program));
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

/** Throws a LabError that lists all that is missing, after installing what apt can bring. */
export async function ensureSystemPackages(log: (line: string) => void): Promise<void> {
  const wrong = await obstacles();
  if (wrong.length > 0)
    throw new LabError(`no lab on this machine:\n${wrong.map((one) => `- ${one}`).join('\n')}`);
  const missing = missingPackages();
  if (missing.length === 0) return;
  const byHand = `apt-get install ${missing.join(' ')}`;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new LabError(
      `programs are missing and there is no apt-get; install by hand what Debian calls ${missing.join(', ')}`,
    );
  }
  log(`installing system packages with apt-get: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, timeoutMs: 10 * 60_000 };
  const install = ['-qq', '--no-install-recommends', '-y', 'install', ...missing];
  await run('apt-get', ['-qq', 'update'], options).catch(() =>
    log('apt-get update failed; trying with what is known'),
  );
  await run('apt-get', install, options).catch((error: Error) => {
    throw new LabError(`${error.message}\nSystem packages could not be installed. Do it by hand: ${byHand}`);
  });
}
