import { onPath, run, telling } from './commands';

const APT_LIMIT_MS = 600_000;
const QUIET = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];

/**
 * Installs Debian packages; throws with the command to give when this user may not.
 *
 * @param what what they are for: `to download Temporal's server`
 */
export async function installPackages(packages: readonly string[], what: string): Promise<void> {
  const missing = `missing ${what}: ${packages.join(', ')}`;
  if (!onPath('apt-get')) throw new Error(`${missing}. This is no Debian: install them with its own tools`);
  if (process.getuid?.() !== 0)
    throw new Error(`${missing}. Run: sudo apt-get install ${packages.join(' ')}`);

  await telling(`installing packages ${what}: ${packages.join(' ')}`, async () => {
    const install = () => apt(['install', ...QUIET, ...packages]);
    // A fresh machine has no package lists, an old one has lists of packages that are gone.
    await install().catch(async () => {
      await apt(['update', '-q']);
      await install();
    });
  });
}

async function apt(args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', args, { timeoutMs: APT_LIMIT_MS, env });
}
