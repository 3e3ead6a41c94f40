/** The config centre of a ground: one file, whose service is restarted for it. */
import { dirname, join } from 'node:path';
import { simpleGit } from 'simple-git';
import { recordText } from '../../src/adapters/config-centre/repository';
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

/** What is there is a release. */
export async function tagConfig(ground: Ground, tag: string): Promise<void> {
  const record = recordText({ what: 'a', why: 'b', impact: 'c', rollback: 'd' });
  await simpleGit(join(dirname(ground.cluster), 'config')).raw([
    'tag',
    '--annotate',
    `--message=${record}`,
    tag,
  ]);
}
