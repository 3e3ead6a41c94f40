import type { Command } from 'commander';
import { timelineLines } from '../../render/timeline';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { frame } from '../frame';
import { look } from '../runs';
import { harmless } from '../width';
import { withTemporal } from '../temporal';
import { jsonOf, watch } from '../watch';

interface Options {
  watch?: boolean;
  wait: boolean;
  json?: boolean;
  timeline?: boolean;
}

export function addGet(program: Command, { terminal, action }: Cli): void {
  program
    .command('get')
    .helpGroup('Changes:')
    .description('show a change: phase, hosts, what it waits for, what is left to do')
    .argument('<id>', 'id of the run')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('-t, --timeline', 'what happened when, for a report afterwards; --json has it always')
    .option('--json', 'machine readable: one object, with --watch one line for each change')
    .action(action((id: string, options: Options) => get(id, options)));

  async function get(
    id: string,
    { watch: follow, wait, json = false, timeline = false }: Options,
  ): Promise<number> {
    return withTemporal(async (temporal) => {
      if (follow) return watch(temporal, id, terminal, { json, wait });
      const now = await look(temporal, id);
      const link = temporal.linkTo(id);
      const lines = json
        ? [jsonOf(now)]
        : [
            ...frame(now, terminal),
            ...(link ? [terminal.colours.dim(`  ${link}`)] : []),
            ...(timeline ? ['', ...timelineLines(now.status).map(harmless)] : []),
          ];
      terminal.print(`${lines.join('\n')}\n`);
      return now.kind === 'silent' ? EXIT.error : EXIT.done;
    });
  }
}
