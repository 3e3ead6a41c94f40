/** docker-compose.yml of this repository, brought up with images that are made on the spot. */
import { join } from 'node:path';
import { attempt, run, type CommandOptions, type Output } from '../hosts/command';
import { root, stateDir } from '../paths';

const PROJECT = 'pawl-local';
const FILES = ['docker-compose.yml', 'docker/local/compose.yml'].map((file) => join(root, file));
/** What the override file's images are called; nobody else's are. */
export const IMAGES = 'pawl-local';
/** What is laid out for one time only, keys of a lab among it. */
export const LAID_OUT = join(stateDir, 'compose', 'laid-out');
export const PARTS = join(LAID_OUT, 'parts');
/** Stopping waits for the worker's grace period, starting for every health check before. */
const LIMIT_MS = 5 * 60_000;

/** Compose as people call it today, or Debian's of before; with the project and files filled in. */
export async function compose(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [program, ...command] = await composed(args);
  return run(program!, command, { timeoutMs: LIMIT_MS, ...options, env: environment(options) });
}

/** The same, whatever the exit code is. */
export async function tryCompose(args: readonly string[], options: CommandOptions = {}): Promise<Output> {
  const [program, ...command] = await composed(args);
  return attempt(program!, command, { timeoutMs: LIMIT_MS, ...options, env: environment(options) });
}

const environment = ({ env }: CommandOptions) => ({ PAWL_PARTS: PARTS, ...env });

async function composed(args: readonly string[]): Promise<string[]> {
  const files = FILES.flatMap((file) => ['--file', file]);
  return [...(await command()), '--project-name', PROJECT, '--project-directory', root, ...files, ...args];
}

let found: string[] | undefined;

async function command(): Promise<string[]> {
  if (!found) {
    const { code } = await attempt('docker', ['compose', 'version']);
    found = code === 0 ? ['docker', 'compose'] : ['docker-compose'];
  }
  return found;
}

/** Containers, volumes, networks, by the project's name; the files may be changed or gone. Safe to repeat. */
export async function removeAll(): Promise<void> {
  const mine = ['--filter', `label=com.docker.compose.project=${PROJECT}`];
  const list = async (...args: string[]) =>
    (await run('docker', [...args, '--quiet', ...mine])).split('\n').filter(Boolean);
  for (const [all, remove] of [
    [await list('ps', '--all'), ['rm', '--force', '--volumes']],
    [await list('volume', 'ls'), ['volume', 'rm']],
    [await list('network', 'ls'), ['network', 'rm']],
  ] as const)
    if (all.length > 0) await run('docker', [...remove, ...all], { timeoutMs: LIMIT_MS });
}

/** The container of a service; undefined when it has none. */
export async function containerOf(service: string): Promise<string | undefined> {
  return (await compose(['ps', '--all', '--quiet', service])).trim() || undefined;
}
