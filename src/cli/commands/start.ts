import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import { MANUAL } from '../../render/manual';
import type { Cli } from '../cli';
import { EXIT } from '../exit-codes';
import { frame } from '../frame';
import { inputOf, readPlanFile } from '../plan-file';
import { readObject, type JsonObject } from '../read-object';
import { runId } from '../run-id';
import type { Look } from '../runs';
import { startRun } from '../start-run';
import { withTemporal, type Temporal } from '../temporal';
import { endCode, jsonOf, looks, watch } from '../watch';
import { typeNames, workflowType } from '../workflow-types';

/** Whether a plan is still true is known as soon as hosts and balancers were looked at. */
const PLAN_WITHIN_MS = 60_000;

interface Options {
  file?: string;
  plan?: string;
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
    .argument('[type]', `workflow type: ${typeNames.join(', ')}`)
    .option('-f, --file <file>', 'its input, JSON or YAML; - is stdin')
    .option('-p, --plan <file>', 'a plan that `pawl plan --output` wrote; it runs only if it is still true')
    .option('--id <id>', 'id of the run; by default made of the input and the time')
    .option('-w, --watch', 'follow it to its end; the exit code tells how it ended')
    .option('--no-wait', 'with --watch: leave with code 4 as soon as a person is waited for')
    .option('--json', 'machine readable')
    .action(action((type: string | undefined, options: Options) => start(type, options)));

  async function start(wantedType: string | undefined, options: Options): Promise<number> {
    const { typeName, input } = await whatToStart(wantedType, options);
    const type = workflowType(typeName);
    const wanted = options.id ?? runId(type, input, new Date());
    return withTemporal(async (temporal) => {
      const { id, runId } = await startRun(temporal, {
        type: typeName,
        input,
        id: wanted,
        fixedId: options.id !== undefined,
        summary: type.about,
        details: MANUAL,
      });
      if (id !== wanted) terminal.remark(`there is a run ${wanted} already; this one is ${id}`);
      const json = options.json === true;
      if (options.watch) {
        // the id first: whoever is cut off here can come back
        terminal.remark(`started ${id}`);
        return watch(temporal, id, terminal, { json, wait: options.wait });
      }
      if (options.plan) {
        const refusal = await refusalOf(temporal, id);
        if (refusal) {
          terminal.print(json ? `${jsonOf(refusal)}\n` : `${frame(refusal, terminal).join('\n')}\n`);
          return endCode(refusal);
        }
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
): Promise<{ typeName: string; input: JsonObject }> {
  if (plan !== undefined) {
    if (file !== undefined)
      throw new PawlError('BadInput', 'give an input with --file or a plan with --plan, not both');
    const content = await readPlanFile(plan);
    if (type !== undefined && type !== content.workflow)
      throw new PawlError('BadInput', `${plan} is a plan of ${content.workflow}, not of ${type}`);
    return { typeName: content.workflow, input: inputOf(content) };
  }
  if (type === undefined || file === undefined)
    throw new PawlError(
      'BadInput',
      'say what to start: a workflow type with its input (pawl start <type> -f <file>), or a plan (pawl start --plan <file>)',
    );
  workflowType(type);
  return { typeName: type, input: await readObject(file) };
}
