import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { LabError } from '../error';
import { ensurePrograms, type Wanted } from '../packages';
import { hierarchies } from './cgroups';
import { attempt } from './command';

/** Programs that the lab calls, and the Debian package that brings each. */
const PROGRAMS: Wanted[] = Object.entries({
  'systemd-nspawn': 'systemd-container',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  nft: 'nftables',
  mount: 'mount',
  flock: 'util-linux',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  'ssh-keygen': 'openssh-client',
  tar: 'tar',
  gzip: 'gzip',
  'dpkg-deb': 'dpkg',
  git: 'git',
}).map(([program, debianPackage]) => ({ program, debianPackage }));

const INOTIFY_INSTANCES = 4_096;

/** Throws a LabError with all that keeps this machine from running a lab; installs what apt can bring. */
export async function ensureSystemPackages(): Promise<void> {
  const wrong = await obstacles();
  if (wrong.length > 0) {
    throw new LabError(`no lab on this machine:\n${wrong.map((one) => `- ${one}`).join('\n')}`);
  }
  await ensurePrograms(PROGRAMS, 'for the lab');
  await raiseInotifyLimit();
}

/**
 * Each host holds nine inotify instances: the kernel's default of 128 ends at the 14th, whose systemd then
 * hangs in the middle of its boot. Kept after `down`: lowering it could hurt what else runs here.
 */
async function raiseInotifyLimit(): Promise<void> {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(await readFile(file, 'utf8')) >= INOTIFY_INSTANCES) return;
  // where it may not be written, few hosts work all the same
  await writeFile(file, String(INOTIFY_INSTANCES)).catch(() => undefined);
}

/** What keeps this machine from running a lab for good, in words; empty when nothing does. */
export async function obstacles(): Promise<string[]> {
  if (process.platform !== 'linux') return [`the lab needs Linux; this is ${process.platform}`];
  const found: string[] = [];
  if (process.getuid?.() !== 0) found.push('the lab makes real hosts and needs root: run it with sudo');
  const [cgroup2] = await hierarchies();
  const mayWrite = () =>
    access(cgroup2 ?? '', constants.W_OK).then(
      () => true,
      () => false,
    );
  if (process.getuid?.() === 0 && !(await mayWrite())) {
    found.push('no cgroup 2 file system can be written (is this a container? give it cgroups of its own)');
  }
  if (!(await hasOverlay())) found.push('the kernel has no overlay file system');
  return found;
}

async function hasOverlay(): Promise<boolean> {
  const known = async () => /\boverlay$/m.test(await readFile('/proc/filesystems', 'utf8').catch(() => ''));
  if (await known()) return true;
  await attempt('modprobe', ['overlay']).catch(() => undefined); // no modprobe: then it stays unknown
  return known();
}
