import { z } from 'zod';
import { Name, StepName } from './names';
import { reason, Version } from './inputs/common';

const By = z.string().min(1).max(200);
const Note = z.string().max(2_000).optional();
const PlanHash = z
  .string()
  .regex(/^[0-9a-f]{8,64}$/, 'the plan hash, at least its first 8 digits')
  .optional();

/**
 * Every message to a running change, as an update (which answers) and a signal of the same name.
 * `description` is what `pawl --help` shows, and Temporal's UI, there with an example.
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
    description: 'End the present soak, watch or maintenance now.',
    payload: z.strictObject({ by: By, note: Note }),
  },
  skip: {
    description: 'Leave a host as it was and go on without it; or a step that is asked about.',
    payload: z
      .strictObject({ by: By, host: Name.optional(), step: StepName.optional(), note: Note })
      .refine(({ host, step }) => (host === undefined) !== (step === undefined), 'either host or step'),
  },
  retry: {
    description: 'Try a failed or unreachable host, or a failed step, again.',
    payload: z.strictObject({ by: By, host: Name.optional(), step: StepName.optional(), note: Note }),
  },
  abort: {
    description: 'End the change; with undo, put back every host that it touched.',
    payload: z.strictObject({ by: By, undo: z.boolean(), note: Note }),
  },
  rollback: {
    description:
      'Bring the service back at once to the last release that has proven itself: an emergencyRollback begins, and this change gives way.',
    payload: z.strictObject({ by: By, reason, version: Version.optional(), note: Note }),
  },
  extend: {
    description: 'Lengthen what is waited for now (a soak, or an answer) by so many minutes.',
    payload: z.strictObject({ by: By, minutes: z.number().int().min(1).max(10_080), note: Note }),
  },
} as const;

export type MessageName = keyof typeof MESSAGES;
export const messageNames = Object.keys(MESSAGES) as MessageName[];

/** The JSON of each message: what to send where nothing more is known. */
export const EXAMPLES: { [N in MessageName]: z.input<(typeof MESSAGES)[N]['payload']> } = {
  pause: { by: 'you' },
  resume: { by: 'you' },
  approve: { by: 'you' },
  reject: { by: 'you', note: 'not today' },
  promote: { by: 'you' },
  skip: { by: 'you', host: 'n1' },
  retry: { by: 'you', host: 'n1' },
  abort: { by: 'you', undo: true },
  rollback: { by: 'you', reason: 'orders fail' },
  extend: { by: 'you', minutes: 30 },
};

/** A message after its payload was checked. */
export type Message = {
  [N in MessageName]: { name: N } & z.output<(typeof MESSAGES)[N]['payload']>;
}[MessageName];

/** The task queue of workers that need no special place. */
export const TASK_QUEUE = 'pawl';
