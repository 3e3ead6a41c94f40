/** The config centre of a ground: one file, whose service is restarted for it. */
import { dirname, join } from 'node:path';
import { commitAll } from '../commit';
import type { Ground } from '../lab/ground';

const CONFIG = `targets:
  - { path: /etc/web/settings.json, source: settings.json, after: { restart: web.service }, served: { port: 8080, path: /config, contains: nonce } }
`;

/** A new revision of the one file that hosts get. */
export async function commitConfig(ground: Ground, settings: string): Promise<void> {
  const folder = join(dirname(ground.cluster), 'config');
  await commitAll(folder, { 'web/config.yaml': CONFIG, 'web/files/settings.json': settings });
}
