/** Starts a run, says so, and follows it where that is wanted. */
import { MANUAL } from '../render/manual';
import { EXIT } from './exit-codes';
import type { JsonObject } from './read-object';
import { runId } from './run-id';
import { startRun } from './start-run';
import type { Temporal } from './temporal';
import type { Terminal } from './terminal';
import { watch } from './watch';
import { workflowType } from './workflow-types';

/** Of every command that starts a change. */
export interface Following {
  id?: string;
  watch?: boolean;
  wait: boolean;
  json?: boolean;
}

/**
 * @param meanwhile what else there is to say before it is left alone; a code, when that was all
 * @returns the exit code
 */
export async function begin(
  temporal: Temporal,
  { type: typeName, input }: { type: string; input: JsonObject },
  options: Following,
  terminal: Terminal,
  meanwhile: (id: string) => Promise<number | undefined> = () => Promise.resolve(undefined),
): Promise<number> {
  const type = workflowType(typeName);
  const wanted = options.id ?? runId(type, input, new Date());
  const { id, runId: run } = await startRun(temporal, {
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
  const code = await meanwhile(id);
  if (code !== undefined) return code;
  const link = temporal.linkTo(id);
  if (json) terminal.print(`${JSON.stringify({ workflow: typeName, id, runId: run, link: link ?? null })}\n`);
  else terminal.print(started(id, link, terminal));
  return EXIT.done;
}

function started(id: string, link: string | undefined, { colours: { bold, cyan } }: Terminal): string {
  const lines = [
    `started ${bold(id)}`,
    ...(link ? [`  ${link}`] : []),
    `  follow it: ${cyan(`pawl get ${id} --watch`)}`,
  ];
  return `${lines.join('\n')}\n`;
}
