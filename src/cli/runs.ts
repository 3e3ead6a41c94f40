import { QueryNotRegisteredError, QueryRejectedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import type { Mistake } from '../contracts/failures';
import type { Report, Status } from '../contracts/status';
import { completeStatus } from '../domain/older';
import { isConnectionTrouble, mistakesIn } from './errors';
import { statusWithoutReport } from './status-without-report';
import type { Temporal } from './temporal';
import { unknownRun } from './unknown-run';

/** A worker answers in milliseconds; one that replays a long history may need a second or two. */
const QUERY_WITHIN_MS = 3_000;
const CALL_WITHIN_MS = 5_000;

/** What is known of a run now. */
export type Look =
  | { kind: 'live'; status: Status }
  /** its worker gives no answer: the status holds what the server knows */
  | { kind: 'silent'; status: Status; why: string }
  | {
      kind: 'ended';
      status: Report;
      /** type of the failure that it ended with */
      failure?: string;
      mistakes: Mistake[];
    };

/** Looks at a run: its own answer while it runs, its report when it has ended. Throws BadInput for an unknown id. */
export async function look(temporal: Temporal, id: string): Promise<Look> {
  const { client, within } = temporal;
  try {
    const status = await within(QUERY_WITHIN_MS, () => client.workflow.getHandle(id).query<Status>('status'));
    return { kind: 'live', status: completeStatus(status) };
  } catch (error) {
    if (error instanceof QueryRejectedError) return ended(temporal, id);
    if (error instanceof WorkflowNotFoundError) throw await unknownRun(temporal, id);
    return silent(temporal, id, error);
  }
}

/** Its report, from the result or from the failure that it ended with. */
async function ended(temporal: Temporal, id: string): Promise<Look> {
  const { client, within } = temporal;
  try {
    const report: unknown = await within(CALL_WITHIN_MS, () => client.workflow.getHandle(id).result());
    return { kind: 'ended', status: await reportFrom(temporal, id, [report]), mistakes: [] };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const details = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
    const status = await reportFrom(temporal, id, details, cause);
    const failure = cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
    return { kind: 'ended', status, failure, mistakes: mistakesIn(...details) };
  }
}

async function reportFrom(temporal: Temporal, id: string, where: unknown[], cause?: Error): Promise<Report> {
  const report = where.findLast(isReport);
  // what the run failed with is the sentence that counts
  if (report) return { ...completeStatus(report), summary: cause?.message.split('\n')[0] ?? report.summary };
  const description = await describe(temporal, id);
  return statusWithoutReport(description, cause?.message);
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'phase' in value && 'hosts' in value;
}

/** Where the server itself can be reached, the silence is the worker's. */
async function silent(temporal: Temporal, id: string, error: unknown): Promise<Look> {
  const description = await describe(temporal, id);
  const status = statusWithoutReport(description);
  if (error instanceof QueryNotRegisteredError)
    return { kind: 'silent', status, why: `this ${description.type} does not say its status` };
  if (isConnectionTrouble(error) || /worker|poller/i.test(innermost(error)))
    return { kind: 'silent', status, why: 'no worker answers' };
  return { kind: 'silent', status, why: `its worker cannot go on: ${innermost(error)}` };
}

function describe({ client, within }: Temporal, id: string) {
  return within(CALL_WITHIN_MS, () => client.workflow.getHandle(id).describe());
}

function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}
