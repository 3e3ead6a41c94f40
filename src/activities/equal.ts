/** Whether two hosts run the same: the files of the release and of the unit, by checksums. */
import { PawlError } from '../contracts/failures';
import type { PlannedService, Sums } from '../contracts/plan';
import { attempt, type ChangeRef } from './attempt';
import { keyValues } from './key-values';
import type { World, Worlds } from './world';

export function equalActivities(worlds: Worlds) {
  return {
    /** @throws NotEqual with what is different */
    async proveEqual(input: {
      change: ChangeRef;
      service: PlannedService;
      host: string;
      sums: Sums;
    }): Promise<void> {
      const world = await worlds.of(input.change.cluster);
      const { signal } = attempt(input.change);
      const found = await sumsOf(world, input.service, input.host, signal);
      const different = differentIn(found, input.sums);
      if (different.length)
        throw new PawlError(
          'NotEqual',
          `${input.host}: another ${different.join(' and another ')} than was planned`,
        );
    },
  };
}

/** Checksums of what a host runs; empty where there is nothing. */
export async function sumsOf(
  world: World,
  service: Installed,
  host: string,
  signal: AbortSignal,
): Promise<Sums> {
  const { release, unit } = await installedOn(world, service, host, signal);
  return { release, unit };
}

type Installed = Pick<PlannedService, 'unit' | 'release'>;

/** The same, and how many files the release has; null: nobody has counted. */
export async function installedOn(
  world: World,
  { unit, release }: Installed,
  host: string,
  signal: AbortSignal,
): Promise<Sums & { files: number | null }> {
  const where = release.kind === 'tarball' ? [release.releases, release.current] : [release.package];
  const ran = await world.hosts
    .on(host)
    .run('release-sums', [unit, release.kind, ...where], { signal, timeoutMs: 120_000 });
  const said = keyValues(ran.stdout);
  const files = said['files'] === undefined ? null : Number(said['files']);
  return { release: said['release'] ?? '', unit: said['unit'] ?? '', files };
}

/** @returns in words, what is not the same */
export function differentIn(one: Sums, other: Sums): string[] {
  return [
    ...(one.release && one.release === other.release ? [] : ['release']),
    ...(one.unit && one.unit === other.unit ? [] : ['unit file']),
  ];
}
