import type { Command } from 'commander';
import { MESSAGES, messageNames, type MessageName } from '../../contracts/messages';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { addMessageOptions, payloadOf } from '../message-options';
import type { JsonObject } from '../read-object';
import { sendMessage } from '../send-message';
import { withTemporal } from '../temporal';
import { sayIn } from '../words/language';

/** One command for each message of the contract. */
export function addMessages(program: Command, { terminal, action }: Cli): void {
  // that command takes the service, whatever is at work on it
  for (const name of messageNames.filter((one) => one !== 'rollback')) {
    const command = program
      .command(name)
      .helpGroup('Messages to a running change:')
      .description(MESSAGES[name].description)
      .argument('<id>', 'id of the run')
      .argument('[json]', 'the whole message as JSON, instead of options')
      .option('--json', 'machine readable answer');
    addMessageOptions(command, name);
    command.action(
      action((id: string, json: string | undefined, options: JsonObject) => send(name, id, json, options)),
    );
  }

  async function send(
    name: MessageName,
    id: string,
    json: string | undefined,
    options: JsonObject,
  ): Promise<number> {
    const payload = payloadOf(name, options, json);
    const { taken, answer } = await withTemporal((temporal) => sendMessage(temporal, id, name, payload));
    if (options.json) terminal.print(`${JSON.stringify({ id, message: name, taken, answer })}\n`);
    else if (taken) terminal.print(`${terminal.colours.green('✔')} ${answer}\n`);
    else terminal.remark(`${terminal.colours.red('✖')} ${sayIn(terminal.language)(answer)}`);
    return taken ? EXIT.done : EXIT.badInput;
  }
}
