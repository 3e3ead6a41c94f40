import { browserObstacles } from '../../lab/browser';
import { containerObstacles, ensureContainerPrograms, withContainers } from '../../lab/docker';
import { ensurePrograms, type Wanted } from '../../lab/packages';
import { ensureSystemPackages, obstacles } from '../../lab/hosts/requirements';
import { findTemporal } from '../../lab/temporal/program';
import { onPath } from '../../lab/temporal/programs';
import { findTestServer } from '../../lab/temporal/test-server';
import { full } from '../full';

/** A part of the tests that needs the same ground; one call of jest. */
export interface Stage {
  name: string;
  /** below `test/`; the fast stage takes every folder that no other stage names */
  folders: readonly string[];
  /** how many test files at once; each file of lab tests has a lab of its own, and waits more than it works */
  workers: number;
  limitMinutes: number;
  /** What this machine lacks for good; a stage with obstacles is skipped, in words. */
  obstacles?: () => Promise<string[]>;
  /** Fetches and installs what the tests call; throws when that fails. */
  prepare?: () => Promise<unknown>;
  /** Runs the tests on ground that is taken away again, also when they are interrupted. */
  within?: <T>(tests: () => Promise<T>, interruption: AbortSignal) => Promise<T>;
  /** It has a command of its own, and is left out where no stage is named. */
  onlyNamed?: true;
}

/** Real servers that adapters are tested against. */
const SERVERS: readonly Wanted[] = [
  { program: 'haproxy', debianPackage: 'haproxy', services: ['haproxy.service'] },
  { program: 'nginx', debianPackage: 'nginx', services: ['nginx.service'] },
  { program: 'sshd', debianPackage: 'openssh-server', services: ['ssh.service'] },
  { program: 'ssh-keygen', debianPackage: 'openssh-client' },
  { program: 'dpkg-deb', debianPackage: 'dpkg' },
];

/** From quick to slow, so that a plain mistake shows early. */
export const STAGES: readonly Stage[] = [
  { name: 'fast', folders: [], workers: 2, limitMinutes: 10 },
  { name: 'cli', folders: ['cli'], workers: 3, limitMinutes: 15, prepare: findTemporal },
  {
    name: 'adapters',
    folders: ['adapters', 'temporal'],
    workers: 3,
    limitMinutes: 15,
    obstacles: () => withoutRoot(SERVERS),
    prepare: async () => {
      await ensurePrograms(SERVERS, 'for the adapter tests');
      await findTemporal();
    },
  },
  {
    name: 'ui',
    folders: ['ui'],
    workers: 1,
    limitMinutes: 5,
    obstacles: browserObstacles,
    prepare: findTemporal,
  },
  { name: 'workflows', folders: ['workflows'], workers: 3, limitMinutes: 15, prepare: findTestServer },
  { name: 'histories', folders: ['histories'], workers: 2, limitMinutes: 10 },
  {
    name: 'lab',
    folders: ['lab'],
    workers: full ? 2 : 4,
    limitMinutes: full ? 120 : 30,
    obstacles,
    prepare: prepareLab,
  },
  {
    name: 'load',
    folders: ['load'],
    // Each counts what was lost of as many requests as the machine carries: nothing else finds room beside them.
    workers: full ? 1 : 2,
    limitMinutes: full ? 120 : 30,
    obstacles,
    prepare: prepareLab,
  },
  {
    name: 'chaos',
    folders: ['chaos'],
    workers: 2,
    // Exhaustive, it kills everything before, during and after each step (npm run test:chaos).
    limitMinutes: full ? 360 : 30,
    obstacles,
    prepare: prepareLab,
  },
  {
    name: 'compose',
    folders: ['compose'],
    workers: 1,
    limitMinutes: 20,
    obstacles: containerObstacles,
    prepare: async () => {
      await prepareLab();
      await ensureContainerPrograms();
    },
    within: withContainers,
    onlyNamed: true,
  },
  {
    // a server that no stable Debian has
    name: 'mysql',
    folders: ['mysql'],
    workers: 1,
    limitMinutes: 30,
    onlyNamed: true,
    obstacles,
    prepare: prepareLab,
  },
  {
    name: 'browser',
    folders: ['browser'],
    workers: 1,
    limitMinutes: 30,
    onlyNamed: true,
    obstacles: browserAndLab,
    prepare: prepareBrowser,
  },
];

/** Whole runs on real hosts, steered by clicks. */
async function browserAndLab(): Promise<string[]> {
  const missing = await obstacles();
  return missing.length > 0 ? missing : browserObstacles();
}

async function prepareBrowser(): Promise<void> {
  const pngquant = { program: 'pngquant', debianPackage: 'pngquant' };
  if (process.env.PAWL_PICTURES) await ensurePrograms([pngquant], 'for small pictures');
  await prepareLab();
}

async function prepareLab(): Promise<void> {
  await ensureSystemPackages();
  await findTemporal();
}

async function withoutRoot(wanted: readonly Wanted[]): Promise<string[]> {
  if (process.getuid?.() === 0) return [];
  const missing = wanted.filter(({ program }) => !onPath(program)).map(({ debianPackage }) => debianPackage);
  return missing.length > 0 ? [`not root, and not installed: ${missing.join(', ')}`] : [];
}
