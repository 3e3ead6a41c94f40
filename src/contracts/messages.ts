import { z } from 'zod';
import { Name } from './cluster';

const By = z.string().min(1).max(200);
const Note = z.string().max(2_000).optional();
const PlanHash = z
  .string()
  .regex(/^[0-9a-f]{8,64}$/, 'the plan hash, at least its first 8 digits')
  .optional();

/**
 * Every message to a running change, as an update (which answers) and a signal of the same name.
 * `description` is what the Temporal UI shows.
 */
export const MESSAGES = {
  pause: {
    description: 'Stop before the next host. A host that is out is finished first.',
    payload: z.strictObject({ by: By, note: Note }),
  },
  resume: { description: 'Go on after a pause.', payload: z.strictObject({ by: By, note: Note }) },
  approve: {
    description: 'Say yes at the open gate. planHash makes sure it is the plan that you read.',
    payload: z.strictObject({
      by: By,
      role: z.string().max(50).optional(),
      planHash: PlanHash,
      note: Note,
      signature: z.string().max(10_000).optional(),
    }),
  },
  reject: {
    description: 'Say no at the open gate: the change ends and undoes what it touched.',
    payload: z.strictObject({ by: By, note: Note }),
  },
  promote: {
    description: 'End the present soak or watch now.',
    payload: z.strictObject({ by: By, note: Note }),
  },
  skip: {
    description: 'Leave a host as it was and go on without it.',
    payload: z.strictObject({ by: By, host: Name, note: Note }),
  },
  retry: {
    description: 'Try a failed or unreachable host again.',
    payload: z.strictObject({ by: By, host: Name.optional(), note: Note }),
  },
  abort: {
    description: 'End the change; with undo, put back every host that it touched.',
    payload: z.strictObject({ by: By, undo: z.boolean(), note: Note }),
  },
  extend: {
    description: 'Lengthen what is waited for now (a soak, or an answer) by so many minutes.',
    payload: z.strictObject({ by: By, minutes: z.number().int().min(1).max(10_080), note: Note }),
  },
} as const;

export type MessageName = keyof typeof MESSAGES;
export const messageNames = Object.keys(MESSAGES) as MessageName[];

/** A message after its payload was checked. */
export type Message = {
  [N in MessageName]: { name: N } & z.output<(typeof MESSAGES)[N]['payload']>;
}[MessageName];

/** The task queue of workers that need no special place. */
export const TASK_QUEUE = 'pawl';
