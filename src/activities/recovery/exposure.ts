/** What of a host is open to others: told, and compared with before, for nobody can say what of it is meant so. */
import { parseExposure } from '../../adapters/recovery/said';
import { judgeExposure } from '../../domain/recovery/damage';
import { MOST_NAMED } from '../../domain/recovery/limits';
import { sourceNamed } from '../backups/source';
import type { World } from '../world';
import { lastWords, readAs, unknown, type Look } from './look';

const WITHIN = 180_000;

export function exposureOf(world: World, host: string): Look {
  const remote = world.hosts.on(host);
  return {
    subject: { kind: 'exposure' },
    withinMs: WITHIN,
    async work(signal) {
      const args = [String(MOST_NAMED), ...foldersOf(world, host)];
      const ran = await remote.run('look-exposure', args, { signal, timeoutMs: WITHIN });
      return ran.code === 0 ? judgeExposure(readAs(remote, ran, parseExposure)) : unknown(lastWords(ran));
    },
  };
}

/** What is backed up there, and where services start from. */
function foldersOf(world: World, host: string): string[] {
  const { cluster } = world;
  const sources = Object.keys(cluster.backups?.sources ?? {}).flatMap((name) => {
    const { settings, hosts } = sourceNamed(world, name);
    return settings.kind === 'folders' && hosts.includes(host) ? settings.folders : [];
  });
  const services = Object.values(cluster.services).flatMap(({ role, release }) =>
    release.kind === 'tarball' && cluster.hosts[host]!.roles.includes(role) ? [release.releases] : [],
  );
  return [...new Set([...sources, ...services])];
}
