import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import { begin, type Following } from '../begin';
import type { Cli } from '../cli';
import { frame } from '../frame';
import { inputOf, readPlanFile } from '../plan-file';
import { readObject, type JsonObject } from '../read-object';
import type { Look } from '../runs';
import { withTemporal, type Temporal } from '../temporal';
import { endCode, jsonOf, looks } from '../watch';
import { typeNames, workflowType } from '../workflow-types';

/** Whether a plan is still true is known as soon as hosts and balancers were looked at. */
const PLAN_WITHIN_MS = 60_000;

interface Options extends Following {
  file?: string;
  plan?: string;
}

export function addStart(program: Command, { terminal, action }: Cli): void {
  program
    .command('start')
    .helpGroup('Changes:')
    .description('start a change')
    .argument('[type]', `workflow type: ${typeNames.join(', ')}`)
    .option('-f, --file <file>', 'its input, JSON or YAML; - is stdin')
    .option('-p, --plan <file>', 'a plan that `pawl plan --output` wrote; it runs only if it is still true')
    .option('--id <id>', 'id of the run; by default made of the input and the time')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('--json', 'machine readable')
    .action(action((type: string | undefined, options: Options) => start(type, options)));

  async function start(wantedType: string | undefined, options: Options): Promise<number> {
    const what = await whatToStart(wantedType, options);
    workflowType(what.type);
    return withTemporal((temporal) =>
      begin(temporal, what, options, terminal, async (id) => {
        const refusal = options.plan ? await refusalOf(temporal, id) : undefined;
        if (!refusal) return undefined;
        terminal.print(options.json ? `${jsonOf(refusal)}\n` : `${frame(refusal, terminal).join('\n')}\n`);
        return endCode(refusal);
      }),
    );
  }
}

/** Waits until the run has made its plan. @returns its end, when that was the end of it */
async function refusalOf(temporal: Temporal, id: string): Promise<(Look & { kind: 'ended' }) | undefined> {
  for await (const now of looks(temporal, id, AbortSignal.timeout(PLAN_WITHIN_MS))) {
    if (now.kind === 'ended') return now.mistakes.length ? now : undefined;
    if (now.kind === 'silent' || now.status.phase !== 'planning') return undefined;
  }
  return undefined;
}

/** An input with its type, or a plan that has both in it. */
async function whatToStart(
  type: string | undefined,
  { file, plan }: Options,
): Promise<{ type: string; input: JsonObject }> {
  if (plan !== undefined) {
    if (file !== undefined)
      throw new PawlError('BadInput', 'give an input with --file or a plan with --plan, not both');
    const content = await readPlanFile(plan);
    if (type !== undefined && type !== content.workflow)
      throw new PawlError('BadInput', `${plan} is a plan of ${content.workflow}, not of ${type}`);
    return { type: content.workflow, input: inputOf(content) };
  }
  if (type === undefined || file === undefined)
    throw new PawlError(
      'BadInput',
      'say what to start: a workflow type with its input (pawl start <type> -f <file>), or a plan (pawl start --plan <file>)',
    );
  workflowType(type);
  return { type, input: await readObject(file) };
}
