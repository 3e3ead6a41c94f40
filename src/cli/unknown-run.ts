import { PawlError } from '../contracts/failures';
import type { Temporal } from './temporal';
import { typeNames } from './workflow-types';

const LOOKED_AT = 200;
const NAMED = 3;
const LIST_WITHIN_MS = 5_000;

/** The types of runs that people see: what they start, and the repairs that follow; as a visibility query. */
export const OURS = `WorkflowType IN (${[...typeNames, 'repair'].map((name) => `'${name}'`).join(', ')})`;

/** Says that there is no such run, and which running ones have ids most like it. */
export async function unknownRun({ client, within }: Temporal, id: string): Promise<PawlError> {
  const running: string[] = [];
  await within(LIST_WITHIN_MS, async () => {
    for await (const { workflowId } of client.workflow.list({
      query: `${OURS} AND ExecutionStatus = 'Running'`,
    })) {
      running.push(workflowId);
      if (running.length >= LOOKED_AT) return;
    }
  });
  const near = nearest(id, running, NAMED);
  const hint = near.length ? `running now: ${near.join(', ')}` : '`pawl list` shows those that ended';
  return new PawlError('BadInput', `there is no run ${id}; ${hint}`);
}

/** The names that share most pairs of neighbouring letters with a word, best first. */
export function nearest(word: string, names: readonly string[], count: number): string[] {
  const wanted = pairs(word);
  const shared = (name: string) => [...pairs(name)].filter((pair) => wanted.has(pair)).length;
  return [...names].sort((a, b) => shared(b) - shared(a)).slice(0, count);
}

function pairs(text: string): Set<string> {
  return new Set(Array.from(text.slice(1), (letter, index) => `${text[index]}${letter}`));
}
