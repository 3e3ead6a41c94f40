import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../error';

/** The Debian mirror that this machine's own apt uses, or PAWL_DEBIAN_MIRROR. */
export async function debianMirror(): Promise<string> {
  const wish = process.env['PAWL_DEBIAN_MIRROR'];
  if (wish) return wish;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(release)?.[1];
  if (/^ID=debian$/m.test(release) && codename) {
    for (const file of await sourceFiles()) {
      const mirror = findMirror(await readFile(file, 'utf8'), codename);
      if (mirror) return mirror;
    }
  }
  throw new LabError(
    'no Debian mirror was found in /etc/apt/sources.list and sources.list.d. Set PAWL_DEBIAN_MIRROR to the ' +
      'address of one that this machine reaches.',
  );
}

/**
 * The first address in an apt sources file, of either format, that serves `main` of the release.
 *
 * @param codename e.g. `bookworm`; suites such as `bookworm-security` live elsewhere and do not count
 */
export function findMirror(text: string, codename: string): string | undefined {
  for (const stanza of text.split(/\n\s*\n/)) {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.+)$`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const served =
      field('Types').includes('deb') &&
      field('Suites').includes(codename) &&
      field('Components').includes('main');
    const address = served && field('URIs').find(isWeb);
    if (address) return address;
  }
  for (const line of text.split('\n')) {
    const [type, address, suite, ...components] = line
      .replace(/\[.*?\]/, ' ')
      .trim()
      .split(/\s+/);
    if (type === 'deb' && suite === codename && components.includes('main') && address && isWeb(address)) {
      return address;
    }
  }
  return undefined;
}

const isWeb = (address: string) => /^https?:\/\//.test(address);

async function sourceFiles(): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const parts = await readdir(folder).catch(() => []);
  const files = parts.filter((part) => /\.(list|sources)$/.test(part)).sort();
  return ['/etc/apt/sources.list', ...files.map((file) => join(folder, file))].filter(existsSync);
}
