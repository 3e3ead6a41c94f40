import type { Mistake } from '../contracts/failures';
import type { Row } from './rows';

/** One row for each mistake: where, what stands there, which rule it breaks. */
export function mistakeRows(mistakes: readonly Mistake[]): Row[] {
  return mistakes.map(({ path, value, rule }) => {
    const cells = [path || 'input', value, rule];
    return { depth: 1, tone: 'plain', mark: '✖', text: cells.join('  '), cells };
  });
}
