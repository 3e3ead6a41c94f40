import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, type Argument } from 'commander';
import { z } from 'zod';
import { FAILURES, PawlError } from '../contracts/failures';
import { mistakeRows } from '../render/mistakes';
import { projectRoot } from '../temporal/connection';
import type { Cli } from './cli';
import { addBackups } from './commands/backups';
import { addRecover } from './commands/recover';
import { addCluster } from './commands/cluster';
import { addCodecServer } from './commands/codec-server';
import { addCompletion } from './commands/completion';
import { addConfig } from './commands/config';
import { addDoctor } from './commands/doctor';
import { addGet } from './commands/get';
import { addLease } from './commands/lease';
import { addList } from './commands/list';
import { addMessages } from './commands/messages';
import { addNotify } from './commands/notify';
import { addPlan } from './commands/plan';
import { addReport } from './commands/report';
import { addRollback } from './commands/rollback';
import { addSchedule } from './commands/schedule';
import { addSetup } from './commands/setup';
import { addStart } from './commands/start';
import { draw } from './draw';
import { exitCodeOfError, mistakesIn } from './errors';
import { EXIT, EXIT_HELP } from './exit-codes';
import type { Terminal } from './terminal';
import { sayIn, told } from './words/language';
import { typeNames, WORKFLOW_TYPES } from './workflow-types';

/**
 * Runs one command line.
 *
 * @param args without node and the program
 * @returns the exit code
 */
export async function pawl(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.done;
  z.config(terminal.language === 'zh' ? z.locales.zhCN() : z.locales.en());
  const program = programOf({
    terminal,
    action:
      (work) =>
      async (...given) => {
        code = await work(...given);
      },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // commander has said by itself what it has to say
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    tell(error, terminal);
    return exitCodeOfError(error);
  }
}

function programOf(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('pawl')
    .description('Durable change pipelines for clusters of Linux hosts, on Temporal.')
    .version(version(), '-V, --version')
    .helpOption('-h, --help', 'help for a command')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.remark(text.trimEnd()),
      getOutHelpWidth: () => Math.min(terminal.size().columns, 100),
      getOutHasColors: () => terminal.colours.isColorSupported,
      outputError: (text, write) => write(terminal.colours.red(`pawl: ${saidByCommander(text, terminal)}`)),
    })
    .configureHelp({
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
      styleTitle: (title) => terminal.colours.bold(title),
      styleCommandText: (text) => terminal.colours.cyan(text),
      styleSubcommandText: (text) => terminal.colours.cyan(text),
    })
    .addHelpText('after', () => `\n${helpAfter()}`);
  const commands = [
    addStart,
    addPlan,
    addRollback,
    addGet,
    addReport,
    addList,
    addLease,
    addMessages,
    addCluster,
    addConfig,
    addSchedule,
    addBackups,
    addRecover,
  ];
  const servers = [addSetup, addDoctor, addNotify, addCodecServer, addCompletion];
  for (const add of [...commands, ...servers]) add(program, cli);
  return program;
}

const argumentTerm = (argument: Argument) =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;

function helpAfter(): string {
  const types = Object.entries(WORKFLOW_TYPES).map(([name, { about }]) => `  ${name.padEnd(22)} ${about}`);
  const [type] = typeNames;
  const example = type ? WORKFLOW_TYPES[type]?.example : undefined;
  return `Workflow types:
${types.join('\n')}

Examples:
  pawl plan ${type} -f ${example}
  pawl start ${type} -f ${example} --watch
  pawl get upgrade-web-1.4.2-20261123T1036 --watch
  pawl approve upgrade-web-1.4.2-20261123T1036 --note "change 4711"
  pawl list --json

${EXIT_HELP}

Connection: Temporal's own settings, TEMPORAL_* and temporal.toml; without them the server that
\`npm run up\` started in this clone. Also PAWL_UI_URL, PAWL_ENCRYPTION_KEY, NO_COLOR, FORCE_COLOR,
PAWL_LANG (zh: errors in Chinese; otherwise by LC_ALL, LC_MESSAGES or LANG), DEBUG (stack traces).
`;
}

function version(): string {
  const file = join(projectRoot(), 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Its suggestions stand on a line of their own. */
function saidByCommander(text: string, { language }: Terminal): string {
  return sayIn(language)(
    text
      .replace(/^error: /, '')
      .trim()
      .replace('\n', ' '),
  );
}

/** A sentence that is known in English only follows what its kind of failure means. */
function inWords(error: unknown, sentence: string, { language }: Terminal): string {
  const say = sayIn(language);
  const said = say(sentence);
  if (language === 'en' || said !== sentence || !(error instanceof PawlError)) return said;
  return `${say(FAILURES[error.type].meaning)}: ${sentence}`;
}

/** One sentence, or one line for each mistake; the stack only for those who ask for it. */
function tell(error: unknown, terminal: Terminal): void {
  const mistakes = error instanceof PawlError ? mistakesIn(error.details) : [];
  const [firstLine = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  terminal.remark(`${terminal.colours.red('pawl:')} ${inWords(error, firstLine, terminal)}`);
  if (mistakes.length)
    terminal.remark(draw(mistakeRows(told(terminal.language, mistakes)), terminal).join('\n'));
  if (process.env.DEBUG && error instanceof Error) terminal.remark(error.stack ?? '');
}
