import type { CHECKS, ConfigTarget } from '../../contracts/config-set';

type Program = Exclude<(typeof CHECKS)[number], 'yaml' | 'json'>;

/** Each sees all files of a state in their places, so those that read a whole tree need no path. */
const PROGRAMS: Record<Program, (path: string) => string[]> = {
  nginx: () => ['nginx', '-t', '-q'],
  haproxy: (path) => ['haproxy', '-c', '-q', '-f', path],
  sshd: (path) => ['/usr/sbin/sshd', '-t', ...(path.startsWith('/etc/ssh/') ? [] : ['-f', path])],
  systemd: (path) => ['systemd-analyze', 'verify', path],
  mariadb: () => ['mariadbd', '--user=mysql', '--help', '--verbose'],
};

/**
 * What is asked of a host before its files are touched, each once.
 *
 * @returns programs with their arguments; without those that need no host
 */
export function hostChecks(targets: readonly ConfigTarget[]): string[][] {
  const commands = targets.flatMap(({ check, path }) => {
    if (check === undefined || check === 'yaml' || check === 'json') return [];
    return [typeof check === 'string' ? PROGRAMS[check](path) : check.command];
  });
  return [...new Map(commands.map((command) => [command.join('\0'), command])).values()];
}
