import type { Naming } from './workflow-types';

const LONGEST = 200;
/** Room for `-2` and the like. */
const LONGEST_BEFORE_COUNT = LONGEST - 5;

/**
 * A readable id: `upgrade-web-1.4.2-20261123T1036`, the minute in UTC. The input is not checked yet, so
 * any field may be missing or odd.
 */
export function runId({ prefix, named }: Naming, input: Record<string, unknown>, now: Date): string {
  const minute = now.toISOString().replace(/[-:]/g, '').slice(0, 13);
  const names = named.map((field) => sanitised(input[field])).filter(Boolean);
  const words = [prefix, ...names].join('-').slice(0, LONGEST_BEFORE_COUNT - minute.length - 1);
  return `${words}-${minute}`;
}

/** @param count from 2: what an id becomes when others of the same minute have taken it */
export const numbered = (id: string, count: number) => (count < 2 ? id : `${id}-${count}`);

/** Of a list the first; it is not all that is done, but enough to know it by. */
function sanitised(value: unknown): string {
  if (Array.isArray(value)) return typeof value[0] === 'string' ? sanitised(value[0]) : '';
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  return String(value)
    .replace(/[^A-Za-z0-9._+~]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}
