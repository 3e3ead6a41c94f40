/** What may come next on a command line. */
import type { Argument, Command, Option } from 'commander';
import { FILES } from './shells';
import { typeNames } from './workflow-types';

export interface Candidate {
  word: string;
  about: string;
}

/** @param running ids of runs that still take messages; the others can only be looked at */
export type Ids = (running: boolean) => Promise<string[]>;

/**
 * @param words all after the program's name; the last one is what is being typed, empty where nothing is yet
 * @param schedules their names
 * @returns candidates that begin like it, or FILES
 */
export async function candidates(
  program: Command,
  words: readonly string[],
  ids: Ids,
  schedules: () => Promise<string[]>,
): Promise<Candidate[] | typeof FILES> {
  const typed = words.at(-1) ?? '';
  const { command, position, option } = walked(program, words.slice(0, -1));
  const found = option
    ? ofValue(option)
    : typed.startsWith('-')
      ? optionsOf(command)
      : await ofArgument(command, position, ids, schedules);
  return found === FILES ? FILES : found.filter(({ word }) => word.startsWith(typed));
}

/** Where a command line has got to: the command, how many arguments it has, the option that waits for its value. */
function walked(program: Command, words: readonly string[]) {
  let command = program;
  let position = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option) option = undefined;
    else if (word.startsWith('-')) option = takesValue(command, word);
    else {
      const inner: Command | undefined = position ? undefined : subcommand(command, word);
      if (inner) command = inner;
      else position += 1;
    }
  }
  return { command, position, option };
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((inner) => inner.name() === word);
}

function takesValue(command: Command, flag: string): Option | undefined {
  const option = command.options.find(({ short, long }) => flag === short || flag === long);
  return option?.required || option?.optional ? option : undefined;
}

function ofValue({ flags, argChoices }: Option): Candidate[] | typeof FILES {
  if (/<(file|folder)>/.test(flags)) return FILES;
  return (argChoices ?? []).map((word) => ({ word, about: '' }));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description }));
}

async function ofArgument(
  command: Command,
  position: number,
  ids: Ids,
  schedules: () => Promise<string[]>,
): Promise<Candidate[] | typeof FILES> {
  const help = command.createHelp();
  const inner = position ? [] : help.visibleCommands(command);
  if (inner.length > 0)
    return inner.map((each) => ({ word: each.name(), about: help.subcommandDescription(each) }));
  const argument = command.registeredArguments[position];
  if (!argument) return [];
  if (argument.name() === 'schedule') return (await schedules()).map((word) => ({ word, about: '' }));
  return (await wordsFor(argument, command, ids)) ?? FILES;
}

/** @returns undefined where a file is meant */
async function wordsFor(argument: Argument, command: Command, ids: Ids): Promise<Candidate[] | undefined> {
  switch (argument.name()) {
    case 'id':
      // a message makes sense to a run that goes on
      return (await ids(command.name() !== 'get')).map((word) => ({ word, about: '' }));
    case 'type':
      return typeNames.map((word) => ({ word, about: '' }));
    case 'file':
    case 'cluster':
      return undefined;
    default:
      return (argument.argChoices ?? []).map((word) => ({ word, about: '' }));
  }
}
