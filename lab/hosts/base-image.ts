import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asset, cacheDir } from '../paths';
import { attempt, run } from './command';
import { LabError } from '../error';
import { debianMirror } from './mirror';

const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'sudo'],
  ...['python3', 'curl', 'iproute2', 'procps', 'haproxy', 'nginx'],
  ...['mariadb-server', 'mariadb-backup', 'restic', 'rclone', 'git'],
];

/** Building takes about 80 s on two cores; a slow mirror may need longer. */
const BUILD_LIMIT_MS = 20 * 60_000;

/**
 * The folder of the base image, built when this recipe has none yet: once for all labs of all clones.
 *
 * @param log gets a line for each stage of a build, nothing when the image is there
 */
export async function baseImage(log: (line: string) => void): Promise<string> {
  const folder = join(cacheDir, 'lab');
  const script = asset('lab/hosts/build-base.sh');
  const recipe = createHash('sha256').update(await readFile(script));
  const digest = recipe.update(PACKAGES.join(' ')).update(process.arch).digest('hex').slice(0, 12);
  const target = join(folder, `base-${digest}`);
  if (existsSync(target)) return target;

  const begun = Date.now();
  const say = (line: string) => log(`base image: ${line} (${Math.round((Date.now() - begun) / 1000)} s)`);
  say('building a minimal Debian, once; takes one to two minutes');
  const mirror = await debianMirror();
  await mkdir(folder, { recursive: true });
  const build = ['sh', script, target, mirror, PACKAGES.join(','), join(folder, 'debs')];
  const lockedAndPrivate = [folder, 'unshare', '--mount', '--propagation', 'private', ...build];
  await run('flock', lockedAndPrivate, {
    timeoutMs: BUILD_LIMIT_MS,
    onLine: say,
    env: await proxy(),
  }).catch((error: Error) => {
    throw new LabError(
      `${error.message}\nThe base image could not be built from ${mirror}. Set PAWL_DEBIAN_MIRROR to a ` +
        'Debian mirror that this machine reaches, and try again.',
    );
  });
  say('ready');
  return target;
}

/** debootstrap fetches with wget, which does not know the proxy that apt is configured with. */
async function proxy(): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await attempt('apt-config', ['shell', 'P', 'Acquire::http::Proxy']);
  const url = /^P='(.+)'$/m.exec(stdout)?.[1];
  return url && url !== 'DIRECT' ? { http_proxy: url, https_proxy: url } : {};
}
