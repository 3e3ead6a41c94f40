/** Commands for people: how they reach a host as the worker does, and what they type there. */
import { dirname, join } from 'node:path';
import { quote } from '../../adapters/ssh/quote';
import type { Cluster } from '../../contracts/cluster';

/** Makes command lines for a host. */
export interface OnHost {
  asRoot(host: string, command: string): string;
  /** on a terminal, so that it may ask for a password */
  asAccount(host: string, command: string): string;
}

/** @param file path of the cluster file */
export function commandsOn(cluster: Cluster, file: string): OnHost {
  const { config, identityFile, user, sudo } = cluster.ssh;
  const path = (name: string) => (/^[/~]/.test(name) ? name : join(dirname(file), name));
  const ssh = (host: string) => {
    const { address, port, user: own, proxyJump } = cluster.hosts[host] ?? {};
    const options: [string, string | number | undefined][] = [
      ['-F', config && path(config)],
      ['-i', identityFile && path(identityFile)],
      ['-J', proxyJump],
      ['-p', port],
      ['-l', own ?? user],
    ];
    const given = options.flatMap(([flag, value]) => (value === undefined ? [] : [flag, plain(`${value}`)]));
    return [...given, plain(address ?? host)].join(' ');
  };
  return {
    // the shell there would give sudo to the first command only
    asRoot: (host, command) => `ssh ${ssh(host)} ${quote(sudo ? `sudo sh -c ${quote(command)}` : command)}`,
    asAccount: (host, command) => `ssh -t ${ssh(host)} ${quote(command)}`,
  };
}

/** For what only a person should decide. */
export function editCommand(file: string): string {
  return `\${EDITOR:-vi} ${plain(file)}`;
}

const plain = (word: string) => (/^[\w.,:+=@%/~-]+$/.test(word) ? word : quote(word));
