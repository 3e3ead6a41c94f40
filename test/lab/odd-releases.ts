/** Releases that the lab's own builder does not make: slow, or not to be unpacked at all. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../../lab/service/release';
import { build, pack, writeRelease } from '../../lab/service/release';

/**
 * @param change what is done to the files of the release before they are packed
 * @param tar more options for tar
 */
export function makeOddRelease(
  version: string,
  change: (folder: string) => Promise<unknown>,
  tar: string[] = [],
): Promise<Artifact> {
  return build(`web-${version}.tar.gz`, async (folder, target) => {
    const release = join(folder, 'release');
    await mkdir(release);
    await writeRelease(release, { version });
    await change(release);
    await pack(release, target, [...tar, '.']);
  });
}

/** Notes its start as all do, then takes its time to be ready; on one host only, so that tests stay quick. */
export function makeSlowRelease(version: string, seconds: number, host: string): Promise<Artifact> {
  return makeOddRelease(version, async (folder) => {
    const program = join(folder, 'bin/web');
    const text = await readFile(program, 'utf8');
    const ready = "tell_systemd(b'READY=1')";
    if (!text.includes(`\n${ready}`)) throw new Error('the example service has changed');
    await writeFile(
      program,
      text.replace(`\n${ready}`, `\nif HOST == '${host}':\n    time.sleep(${seconds})\n${ready}`),
    );
  });
}

/** A file that is no archive, under the name of one. */
export function makeBrokenRelease(
  version: string,
  write: (target: string) => Promise<unknown>,
): Promise<Artifact> {
  return build(`web-${version}.tar.gz`, async (_folder, target) => {
    await appendFile(target, '');
    await write(target);
  });
}
