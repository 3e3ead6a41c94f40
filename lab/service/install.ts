import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../paths';
import { enable } from '../hosts/units';
import { writeRelease } from './release';

/** What app hosts and spares run from the start. */
export const FIRST_VERSION = '1.0.0';

/** Puts the service and its first release into the root of a host that is off. */
export async function installFirstRelease(root: string): Promise<void> {
  const release = join(root, 'opt/web/releases', FIRST_VERSION);
  await mkdir(release, { recursive: true });
  await writeRelease(release, { version: FIRST_VERSION });
  await symlink(`releases/${FIRST_VERSION}`, join(root, 'opt/web/current'));
  await copyFile(asset('lab/service/web.service'), join(root, 'etc/systemd/system/web.service'));
  await enable(root, 'web.service');
}
