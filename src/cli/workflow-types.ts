import { PawlError } from '../contracts/failures';

/** What ids and summaries of runs are made of. */
export interface Naming {
  /** first word of the ids */
  prefix: string;
  /** fields of the input that name a run */
  named: readonly string[];
}

export interface WorkflowType extends Naming {
  /** what `pawl --help` says of it */
  about: string;
  /** an input that works */
  example: string;
}

export const WORKFLOW_TYPES: Record<string, WorkflowType> = {
  rollingUpgrade: {
    about: 'upgrade a service host by host without losing a request',
    prefix: 'upgrade',
    named: ['service', 'version'],
    example: 'examples/lab/rollingUpgrade.json',
  },
};

export const typeNames = Object.keys(WORKFLOW_TYPES);

export function workflowType(name: string): WorkflowType {
  const type = Object.hasOwn(WORKFLOW_TYPES, name) ? WORKFLOW_TYPES[name] : undefined;
  if (type) return type;
  throw new PawlError('BadInput', `there is no workflow type ${name}; there are ${typeNames.join(', ')}`);
}

/** e.g. `web 1.4.2` */
export function summaryOf({ prefix, named }: Naming, input: Record<string, unknown>): string {
  const names = named.map((field) => input[field]).filter((value) => typeof value === 'string');
  return [prefix, ...names].join(' ').slice(0, 200);
}
