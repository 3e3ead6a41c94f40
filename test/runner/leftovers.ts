import { randomUUID } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { end, identify } from '../../lab/temporal/processes';

const GRACE_MS = 3_000;

/** In the environment of all that a run of the tests starts, however far it detaches itself. */
export const MARK = `PAWL_TEST_RUN=${randomUUID()}`;

/**
 * Ends what tests have left running: a failed or killed test has no time to clean up.
 *
 * @returns the command lines of those processes
 */
export async function endLeftovers(): Promise<string[]> {
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
