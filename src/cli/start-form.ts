/** Temporal's form to start a workflow fills in the input of the newest run of a type: a first run makes it useful. */
import { WorkflowFailedError } from '@temporalio/client';
import { workersNow } from '../temporal/workers';
import { isConnectionTrouble } from './errors';
import { readObject, type JsonObject } from './read-object';
import { runId } from './run-id';
import { startRun } from './start-run';
import type { Temporal } from './temporal';
import type { Naming } from './workflow-types';

const COUNT_WITHIN_MS = 10_000;
/** A plan looks at hosts and balancers; the form is filled in whether it has done so or not. */
const RESULT_WITHIN_MS = 20_000;
/** Without a worker the run ends by itself. */
const RUN_LIMIT_MS = 3_600_000;

/** A workflow type as the form shows it. */
export interface Form extends Naming {
  type: string;
  /** summary and details of its runs; the form takes them over */
  about: string;
  details?: string;
  /** what keeps a run of an example from having effects */
  harmless: JsonObject;
}

export interface FilledIn {
  type: string;
  link: string | null;
  /** the run that was started for it; null where there was one before */
  run: string | null;
  /** what became of it, in words */
  outcome: string;
  /** false: the example does not work here, so what the form shows must be changed first */
  works: boolean;
}

/** @param anew start a run also where the form shows another one's input already */
export async function fillIn(
  temporal: Temporal,
  form: Form,
  example: string,
  anew: boolean,
): Promise<FilledIn> {
  const { client, within } = temporal;
  const { type } = form;
  const link = temporal.startForm(type) ?? null;
  const { count } = await within(COUNT_WITHIN_MS, () => client.workflow.count(`WorkflowType = '${type}'`));
  if (count > 0 && !anew)
    return { type, link, run: null, outcome: 'shows the input of the run before', works: true };
  const input = { ...(await readObject(example)), ...form.harmless };
  const { id } = await startRun(temporal, {
    type,
    input,
    id: runId({ ...form, prefix: `setup-${form.prefix}` }, input, new Date()),
    fixedId: false,
    summary: form.about,
    details: form.details,
    timeoutMs: RUN_LIMIT_MS,
  });
  const { identities } = await within(COUNT_WITHIN_MS, () => workersNow(client));
  const outcome = identities.length ? await outcomeOf(temporal, id, example) : unlooked(example);
  return { type, link, run: id, ...outcome };
}

async function outcomeOf(
  { client, within }: Temporal,
  id: string,
  example: string,
): Promise<Pick<FilledIn, 'outcome' | 'works'>> {
  try {
    await within(RESULT_WITHIN_MS, () => client.workflow.getHandle(id).result());
    return { outcome: `shows ${example}, which works here`, works: true };
  } catch (error) {
    if (error instanceof WorkflowFailedError) {
      const [why] = (error.cause?.message ?? error.message).split('\n');
      return { outcome: `shows ${example}, which does not work here: ${why}`, works: false };
    }
    if (!isConnectionTrouble(error)) throw error;
    return unlooked(example);
  }
}

const unlooked = (example: string) => ({
  outcome: `shows ${example}; no worker has looked at it yet`,
  works: true,
});
