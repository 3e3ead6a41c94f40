import { cpus, loadavg, totalmem, version as kernel } from 'node:os';
import { attempt } from '../lab/hosts/command';

/** What figures depend on and a reader cannot know. */
export async function machineFacts() {
  const first = async (program: string, ...args: string[]) =>
    attempt(program, args).then(
      ({ stdout, stderr }) => (stdout || stderr).split('\n')[0]!.trim(),
      () => 'not here',
    );
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 1_048_576),
    kernel: kernel(),
    node: process.version,
    ssh: await first('ssh', '-V'),
    commit: await first('git', 'rev-parse', '--short', 'HEAD'),
  };
}

/** Processes that wanted a core in the last minute: above the number of cores, figures are of a busy machine. */
export function loadNow(): number {
  return Number(loadavg()[0]!.toFixed(2));
}
