import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { down } from '../../lab/hosts';
import { stateDir } from '../../lab/paths';
import { end, identify } from '../../lab/temporal/processes';

const GRACE_MS = 3_000;

/** In the environment of all that a run of the tests starts, however far it detaches itself. */
export const MARK = `PAWL_TEST_RUN=${randomUUID()}`;

/**
 * Removes what tests have left: one that was killed or interrupted had no time to clean up.
 *
 * @returns what it was: labs, and the command lines of processes
 */
export async function removeLeftovers(): Promise<string[]> {
  const labs = await testLabs();
  for (const name of labs) await down(name);
  return [...labs.map((name) => `lab ${name}`), ...(await endProcesses())];
}

/** Labs of tests are called `test-…`; one that was taken down is not listed. */
async function testLabs(): Promise<string[]> {
  const names = await readdir(join(stateDir, 'labs')).catch(() => []);
  return names.filter((name) => name.startsWith('test-'));
}

async function endProcesses(): Promise<string[]> {
  const entries = await readdir('/proc').catch(() => []);
  const ours = await Promise.all(entries.map(Number).filter(Number.isInteger).map(marked));
  const found = ours.filter((one) => one !== undefined);
  await Promise.all(found.map(({ process }) => end(process, GRACE_MS)));
  return found.map(({ command }) => command);
}

async function marked(pid: number) {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  if (!environment.split('\0').includes(MARK)) return undefined;
  const process = await identify(pid);
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return process && { process, command: command.split('\0').join(' ').trim().slice(0, 120) };
}
