import type { Mistake } from '../contracts/failures';
import type { Row } from './rows';

/** Columns; the rule matters more than all of a long value. */
const LONGEST_VALUE = 40;

/** One row for each mistake: where, what stands there, which rule it breaks. */
export function mistakeRows(mistakes: readonly Mistake[]): Row[] {
  return mistakes.map(({ path, value, rule }) => {
    const cells = [path || 'input', shortened(value), rule];
    return { depth: 1, tone: 'plain', mark: '✖', text: cells.join('  '), cells };
  });
}

function shortened(value: string): string {
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE - 1)}…` : value;
}
