import { Argument, type Command } from 'commander';
import type { Cli } from '../cli';
import { candidates, type Ids } from '../complete';
import { EXIT } from '../exit-codes';
import { nameOf } from '../schedules/definition';
import { listed } from '../schedules/keep';
import { FILES, SHELLS } from '../shells';
import { withTemporal } from '../temporal';
import { OURS } from '../unknown-run';

/** Milliseconds: somebody has pressed TAB and waits. */
const WITHIN_MS = 1_000;
const MOST_IDS = 50;

export function addCompletion(program: Command, { terminal, action }: Cli): void {
  program
    .command('completion')
    .helpGroup('Shell:')
    .description('print what a shell needs to complete commands, options and ids with TAB')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      `
Examples:
  echo 'source <(pawl completion bash)' >> ~/.bashrc
  echo 'source <(pawl completion zsh)' >> ~/.zshrc          # after compinit
  pawl completion fish > ~/.config/fish/completions/pawl.fish`,
    )
    .action(
      action((shell: string) => {
        terminal.print(SHELLS[shell] ?? '');
        return EXIT.done;
      }),
    );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(action((words: string[]) => complete(words)));

  async function complete(words: string[]): Promise<number> {
    const found = await candidates(program, words, idsWithin, () => inTime(scheduleNames()));
    const lines = found === FILES ? [FILES] : found.map(({ word, about }) => `${word}\t${about}`);
    terminal.print(lines.map((line) => `${line}\n`).join(''));
    return EXIT.done;
  }
}

/** None where the server gives no answer in time: a shell that is completing is no place for messages. */
const idsWithin: Ids = (running) => inTime(idsOf(running));

function inTime(names: Promise<string[]>): Promise<string[]> {
  const late = new Promise<string[]>((resolve) => setTimeout(() => resolve([]), WITHIN_MS).unref());
  return Promise.race([names.catch(() => []), late]);
}

const scheduleNames = () =>
  withTemporal(async (temporal) =>
    (await listed(temporal)).flatMap(({ scheduleId }) => nameOf(scheduleId) ?? []),
  );

function idsOf(running: boolean): Promise<string[]> {
  const query = running ? `${OURS} AND ExecutionStatus = 'Running'` : OURS;
  return withTemporal(({ client, within }) =>
    within(WITHIN_MS, async () => {
      const ids = new Set<string>();
      for await (const { workflowId } of client.workflow.list({ query, pageSize: MOST_IDS })) {
        ids.add(workflowId);
        if (ids.size >= MOST_IDS) break;
      }
      return [...ids];
    }),
  );
}
