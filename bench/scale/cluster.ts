/** Names and addresses of simulated hosts, as the process that plays them and the cluster file know them. */

export const FIRST_VERSION = '1.0.0';
export const BALANCER_ADDRESS = '127.88.255.1';

/** Every address of 127.0.0.0/8 is this machine. */
export function addressOf(index: number): string {
  return `127.88.${Math.floor(index / 250)}.${1 + (index % 250)}`;
}

export const hostName = (index: number) => `n${index + 1}`;

/** The words of a command line in which each one that needs it is in single quotes. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\\'|[^\s'\\])+/g)].map(([word]) =>
    word.replace(
      /'([^']*)'|\\(')/g,
      (_whole, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped ?? '',
    ),
  );
}
