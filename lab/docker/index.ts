import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { obstacles } from '../hosts/requirements';
import { ensurePrograms, type Wanted } from '../packages';
import { stateDir } from '../paths';
import { onPath } from '../temporal/programs';
import { say } from '../temporal/words';
import { LAID_OUT, removeAll, tryCompose } from './compose';
import { withEngine } from './engine';
import { makeImages, namelessImages, tidyImages } from './images';

const PROGRAMS: readonly Wanted[] = [
  {
    program: 'dockerd',
    debianPackage: 'docker.io',
    services: ['docker.service', 'docker.socket', 'containerd.service'],
  },
  { program: 'docker', debianPackage: 'docker.io' },
  { program: 'docker-compose', debianPackage: 'docker-compose' },
  { program: 'debootstrap', debianPackage: 'debootstrap' },
];
const LOGS = join(stateDir, 'compose', 'containers.log');

/** What keeps this machine for good from bringing the containers up. */
export async function containerObstacles(): Promise<string[]> {
  const found = await obstacles();
  if (!onPath('go'))
    found.push("Temporal's server is built with Go ≥ 1.21 (which fetches 1.26), and there is no go on PATH");
  return found;
}

export async function ensureContainerPrograms(): Promise<void> {
  await ensurePrograms(PROGRAMS, 'for containers');
}

/** Runs work with an engine and all images at hand; no container, network or volume of it is left. */
export async function withContainers<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return withEngine(async (engine) => {
    process.env.DOCKER_HOST = engine.host;
    const nameless = await namelessImages();
    try {
      await removeAll(); // of a run that was killed
      await makeImages(signal);
      return await work();
    } finally {
      await keepLogs();
      await removeAll();
      await tidyImages(engine, nameless);
      await rm(LAID_OUT, { recursive: true, force: true });
    }
  });
}

/** The last thing that is known of containers before they go. */
async function keepLogs(): Promise<void> {
  const { stdout } = await tryCompose(['logs', '--no-color', '--timestamps']);
  await mkdir(dirname(LOGS), { recursive: true });
  await writeFile(LOGS, stdout);
  say(`docker: what the containers said is in ${LOGS}`);
}
