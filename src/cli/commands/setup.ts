import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes';
import {
  registeringCommands,
  registerSearchAttributes,
  searchAttributeState,
} from '../../temporal/search-attributes';
import { projectRoot } from '../../temporal/connection';
import { MANUAL } from '../../render/manual';
import type { Cli } from '../cli';
import { refusedByServer } from '../errors';
import { EXIT } from '../exit-codes';
import { DOCTOR } from '../examine-hosts';
import { fillIn, type FilledIn, type Form } from '../start-form';
import { withTemporal, type Temporal } from '../temporal';
import { WORKFLOW_TYPES } from '../workflow-types';

const REGISTER_WITHIN_MS = 10_000;

interface Options {
  examples?: string;
  json?: boolean;
}

interface Attributes {
  registered: string[];
  /** what this account may not do, as commands for somebody who may */
  commands: string[];
  why: string | null;
}

const FORMS: Form[] = [
  ...Object.entries(WORKFLOW_TYPES).map(([type, naming]) => ({
    type,
    ...naming,
    details: MANUAL,
    harmless: { dryRun: true },
  })),
  // looks only, whatever it is told
  { type: 'doctor', about: DOCTOR, prefix: 'doctor', named: [], harmless: {} },
];

export function addSetup(program: Command, { terminal, action }: Cli): void {
  program
    .command('setup')
    .helpGroup('Server:')
    .description('prepare a Temporal server: search attributes, filled-in start forms; safe to repeat')
    .option(
      '--examples <folder>',
      'your own inputs for the start forms, as <type>.json, instead of the lab’s; types without one are left out',
    )
    .option('--json', 'machine readable')
    .action(action((options: Options) => setup(options)));

  async function setup({ examples, json }: Options): Promise<number> {
    return withTemporal(async (temporal) => {
      const attributes = await registered(temporal);
      const ready = attributes.commands.length === 0;
      // without its attributes a run would hang
      const forms = ready ? await filledIn(temporal, examples) : [];
      terminal.print(
        json ? `${JSON.stringify({ ok: ready, attributes, forms })}\n` : words(temporal, attributes, forms),
      );
      return ready ? EXIT.done : EXIT.error;
    });
  }

  function words({ namespace, address }: Temporal, attributes: Attributes, forms: FilledIn[]): string {
    const { green, red, yellow, cyan, dim } = terminal.colours;
    const count = Object.keys(SEARCH_ATTRIBUTES).length;
    const said = attributes.registered.length
      ? `registered search attributes ${attributes.registered.join(', ')}`
      : `all ${count} search attributes are there`;
    const where = dim(`namespace ${namespace} at ${address}`);
    const lines = attributes.commands.length
      ? [
          `${red('✖')} search attributes: ${attributes.why}  ${where}`,
          '  somebody who may has to run',
          ...attributes.commands.map((command) => `    ${cyan(command)}`),
        ]
      : [`${green('✔')} ${said}  ${where}`];
    for (const { type, link, outcome, works } of forms)
      lines.push(
        `${works ? green('✔') : yellow('!')} start form of ${type}: ${outcome}`,
        ...(link ? [`    ${link}`] : []),
      );
    if (forms.some(({ run, type }) => run && type !== 'doctor'))
      lines.push(dim('  set "dryRun" to false in the form to do what it says'));
    return `${lines.join('\n')}\n`;
  }
}

async function filledIn(temporal: Temporal, examples: string | undefined): Promise<FilledIn[]> {
  const folder = examples ?? relative(process.cwd(), join(projectRoot(), 'examples/lab'));
  const forms: FilledIn[] = [];
  for (const form of FORMS) {
    const example = join(folder, `${form.type}.json`);
    // who brings inputs of his own brings them for what he uses
    if (examples !== undefined && !existsSync(example)) continue;
    forms.push(await fillIn(temporal, form, example, examples !== undefined));
  }
  return forms;
}

async function registered({ connection, namespace, address, within }: Temporal): Promise<Attributes> {
  const { missing, unfit } = await within(REGISTER_WITHIN_MS, () =>
    searchAttributeState(connection, namespace),
  );
  if (unfit.length)
    return {
      registered: [],
      commands: unfit.map(
        (name) =>
          `temporal operator search-attribute remove --address ${address} --namespace ${namespace} --name ${name}`,
      ),
      why: `${unfit.join(', ')} of another type; remove what is there, then run \`pawl setup\` again`,
    };
  if (missing.length === 0) return { registered: [], commands: [], why: null };
  try {
    await within(REGISTER_WITHIN_MS, () => registerSearchAttributes(connection, namespace, missing));
    return { registered: missing, commands: [], why: null };
  } catch (error) {
    const why = refusedByServer(error);
    if (why === undefined) throw error;
    return { registered: [], commands: registeringCommands(missing, namespace, address), why };
  }
}
