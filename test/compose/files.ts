/** The folder that the worker's container sees as /files: what an operator would lay there for his own hosts. */
import { chmod, chown, copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LAID_OUT } from '../../lab/docker/compose';
import type { Lab } from '../../lab/hosts';
import { makeRelease } from '../../lab/service';
import { clusterFile } from '../lab/ground';

/** of the worker in its container */
const UID = 1000;
const INSIDE = '/files';

export const FILES = join(LAID_OUT, 'files');

export async function layOutFiles(lab: Lab): Promise<void> {
  await rm(FILES, { recursive: true, force: true });
  await mkdir(FILES, { recursive: true });
  const place = (file: string) => join(INSIDE, basename(file));
  const config = (await readFile(lab.sshConfig, 'utf8'))
    .replaceAll(lab.identityFile, place(lab.identityFile))
    .replaceAll(lab.knownHosts, place(lab.knownHosts));
  await writeFile(join(FILES, 'ssh_config'), config);
  await copyFile(lab.knownHosts, join(FILES, basename(lab.knownHosts)));
  await copyFile(lab.identityFile, join(FILES, basename(lab.identityFile)));
  await writeFile(join(FILES, 'cluster.yaml'), await clusterFile({ ...lab, sshConfig: 'ssh_config' }, {}));
  await giveToWorker();
}

/** @returns the name of the input, in the folder where `pawl` runs there */
export async function layOutUpgrade(version: string): Promise<string> {
  const { file } = await makeRelease({ version });
  await copyFile(file, join(FILES, basename(file)));
  const input = {
    cluster: 'cluster.yaml',
    service: 'web',
    version,
    artifact: { file: basename(file) },
    // long enough for something to befall the worker meanwhile
    minHealthySeconds: 3,
    // a gate would judge this machine, not the release
    gate: { enabled: false },
    soakSeconds: 1,
    watchSeconds: 1,
  };
  const name = `upgrade-${version}.json`;
  await writeFile(join(FILES, name), JSON.stringify(input));
  await giveToWorker();
  return name;
}

async function giveToWorker(): Promise<void> {
  await chmod(FILES, 0o755);
  for (const name of await readdir(FILES)) {
    await chown(join(FILES, name), UID, UID);
    await chmod(join(FILES, name), 0o600);
  }
}
