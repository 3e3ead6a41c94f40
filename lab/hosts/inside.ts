import { leaderOf } from './boot';
import { attempt, type CommandOptions, type Output } from './command';

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
];

/**
 * Runs a program on a host as root, without its sshd and without a shell: the lab's own hand, which
 * works on hosts that cannot be reached, too.
 *
 * @returns the exit code and all output; throws LabError when the host is off
 */
export async function exec(
  lab: string,
  host: string,
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  const enter = [
    '--target',
    String(await leaderOf(lab, host)),
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
  ];
  return attempt('nsenter', [...enter, 'env', '-i', ...ENVIRONMENT, ...argv], options);
}
