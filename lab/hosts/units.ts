import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `systemctl enable` for a host that is not running. */
export async function enable(root: string, unit: string): Promise<void> {
  const wants = join(root, 'etc/systemd/system/multi-user.target.wants');
  await mkdir(wants, { recursive: true });
  const place = ['etc/systemd/system', 'lib/systemd/system'].find((folder) =>
    existsSync(join(root, folder, unit)),
  );
  await symlink(`/${place}/${unit}`, join(wants, unit));
}
