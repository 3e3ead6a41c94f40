import type { Command } from 'commander';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { readObject } from '../read-object';
import { runId } from '../run-id';
import { startRun } from '../start-run';
import { withTemporal } from '../temporal';
import { watch } from '../watch';
import { summaryOf, typeNames, workflowType } from '../workflow-types';

interface Options {
  file: string;
  id?: string;
  watch?: boolean;
  wait: boolean;
  json?: boolean;
}

export function addStart(program: Command, { terminal, action }: Cli): void {
  program
    .command('start')
    .helpGroup('Changes:')
    .description('start a change')
    .argument('<type>', `workflow type: ${typeNames.join(', ')}`)
    .requiredOption('-f, --file <file>', 'its input, JSON or YAML; - is stdin')
    .option('--id <id>', 'id of the run; by default made of the input and the time')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('--json', 'machine readable')
    .action(action((type: string, options: Options) => start(type, options)));

  async function start(typeName: string, options: Options): Promise<number> {
    const type = workflowType(typeName);
    const input = await readObject(options.file);
    const wanted = options.id ?? runId(type, input, new Date());
    return withTemporal(async (temporal) => {
      const { id, runId } = await startRun(temporal, {
        type: typeName,
        input,
        id: wanted,
        fixedId: options.id !== undefined,
        summary: summaryOf(type, input),
      });
      if (id !== wanted) terminal.remark(`there is a run ${wanted} already; this one is ${id}`);
      const json = options.json === true;
      if (options.watch) {
        // the id first: whoever is cut off here can come back
        terminal.remark(`started ${id}`);
        return watch(temporal, id, terminal, { json, wait: options.wait });
      }
      const link = temporal.linkTo(id);
      if (json) terminal.print(`${JSON.stringify({ workflow: typeName, id, runId, link: link ?? null })}\n`);
      else terminal.print(started(id, link));
      return EXIT.done;
    });
  }

  function started(id: string, link: string | undefined): string {
    const { bold, cyan } = terminal.colours;
    const lines = [
      `started ${bold(id)}`,
      ...(link ? [`  ${link}`] : []),
      `  follow it: ${cyan(`pawl get ${id} --watch`)}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}
