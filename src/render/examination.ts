import type { Examination } from '../contracts/examination';
import type { Row } from './rows';

/** One row for each finding with the command that mends it, then what was looked at. */
export function examinationRows({ looked, findings }: Examination): Row[] {
  const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return [
    {
      depth: 0,
      tone: 'strong',
      mark: findings.length ? '✖' : '✔',
      text: findings.length ? count : 'nothing to mend',
    },
    ...findings.map(({ where, what, command }): Row => ({
      depth: 1,
      tone: 'plain',
      mark: '✖',
      text: `${where}: ${what}`,
      code: command,
    })),
    ...looked.map((text): Row => ({ depth: 1, tone: 'quiet', mark: '·', text })),
  ];
}
