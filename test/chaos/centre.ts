/** The config centre of a ground: one file, whose service is restarted for it, and one that nobody needs to read anew. */
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

/** A new revision of the set `words`: one file that is used as it lies there. */
export async function commitWords(ground: Ground, words: string): Promise<void> {
  const folder = join(dirname(ground.cluster), 'config');
  const config = 'role: app\ntargets:\n  - { path: /etc/web/words, source: words, after: nothing }\n';
  await commitAll(folder, { 'words/config.yaml': config, 'words/files/words': words });
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
