import type { Command } from 'commander';
import { PawlError } from '../../contracts/failures';
import type { Plan } from '../../contracts/plan';
import { MANUAL } from '../../render/manual';
import { planRows } from '../../render/plan';
import type { Cli } from '../cli';
import { draw } from '../draw';
import { EXIT } from '../exit-codes';
import { planFile, writePlanFile } from '../plan-file';
import { readObject, type JsonObject } from '../read-object';
import { runId } from '../run-id';
import type { Look } from '../runs';
import { startRun } from '../start-run';
import { withTemporal, type Temporal } from '../temporal';
import { looks } from '../watch';
import { typeNames, workflowType, type WorkflowType } from '../workflow-types';

/** The plan activity has ten minutes in all. */
const PLAN_WITHIN_MS = 11 * 60_000;

interface Options {
  file: string;
  output?: string;
  json?: boolean;
}

export function addPlan(program: Command, { terminal, action }: Cli): void {
  program
    .command('plan')
    .helpGroup('Changes:')
    .description('show what a change would do; it looks at the hosts and changes nothing')
    .argument('<type>', `workflow type: ${typeNames.join(', ')}`)
    .requiredOption('-f, --file <file>', 'its input, JSON or YAML; - is stdin')
    .option('-o, --output <file>', 'write it to a file; `pawl start --plan` runs it while it is true')
    .option('--json', 'machine readable: the same that --output writes')
    .action(action((type: string, options: Options) => plan(type, options)));

  async function plan(typeName: string, { file, output, json }: Options): Promise<number> {
    const type = workflowType(typeName);
    const input = { ...(await readObject(file)), dryRun: true };
    const made = await withTemporal((temporal) => makePlan(temporal, typeName, type, input));
    const content = planFile(typeName, input, made);
    if (output) await writePlanFile(output, content);
    const next = output ? `start --plan ${output}` : `start ${typeName} -f ${file}`;
    if (json) terminal.print(`${JSON.stringify(content)}\n`);
    else {
      terminal.print(`${draw(planRows(made), terminal).join('\n')}\n`);
      terminal.print(`\n  start it: ${terminal.colours.cyan(`pawl ${next} --watch`)}\n`);
    }
    return EXIT.done;
  }

  async function makePlan(
    temporal: Temporal,
    type: string,
    naming: WorkflowType,
    input: JsonObject,
  ): Promise<Plan> {
    const { id } = await startRun(temporal, {
      type,
      input,
      id: runId({ ...naming, prefix: 'plan' }, input, new Date()),
      fixedId: false,
      summary: naming.about,
      // the form that starts the next run takes it over
      details: MANUAL,
    });
    return planIn(await untilEnded(temporal, id), id);
  }

  async function untilEnded(temporal: Temporal, id: string): Promise<Look & { kind: 'ended' }> {
    let silent = false;
    for await (const now of looks(temporal, id, AbortSignal.timeout(PLAN_WITHIN_MS))) {
      if (now.kind === 'ended') return now;
      if (now.kind === 'silent' && !silent)
        terminal.remark(`${id}: ${now.why} yet; \`npm run up\` starts one here. Waiting`);
      silent = now.kind === 'silent';
    }
    throw new PawlError(
      'TimedOut',
      `${id} made no plan in ${PLAN_WITHIN_MS / 60_000} minutes; \`pawl get ${id}\` shows why`,
    );
  }
}

function planIn({ status, failure, mistakes }: Look & { kind: 'ended' }, id: string): Plan {
  if (status.plan) return status.plan as Plan;
  if (failure === 'PlanChanged') throw new PawlError(failure, status.summary, { mistakes });
  if (mistakes.length)
    throw new PawlError('BadInput', `${mistakes.length} mistakes in the input; nothing was touched`, {
      mistakes,
    });
  throw new PawlError('Failed', `${id} made no plan: ${status.summary}`);
}
