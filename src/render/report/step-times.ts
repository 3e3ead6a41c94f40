import type { StepTimes, StepTime } from '../../contracts/step-times';
import { Html, html } from './html';
import { took } from './times';

const ENDS: Record<StepTime['end'], string> = {
  done: '',
  failed: 'failed',
  cut: 'cut short',
  underWay: 'under way',
};

/** What was done when, each beside the whole time. */
export function stepTimesSection({ entries, note }: StepTimes, from: number, to: number): Html | null {
  if (entries.length === 0 && !note) return null;
  const whole = Math.max(1, to - from);
  const percent = (ms: number) => ((Math.min(Math.max(0, ms), whole) / whole) * 100).toFixed(2);
  const rows = entries.map(({ what, begunAt, endedAt, end, times }) => {
    const last = endedAt ?? to;
    const bar = new Html(
      `<i class="${end}" style="left:${percent(begunAt - from)}%;width:${percent(last - begunAt)}%"></i>`,
    );
    const more = [ENDS[end], times > 1 && `${times} times`].filter(Boolean).join(', ');
    return html`<tr>
      <td>${what}${more && html` <span class="quiet">(${more})</span>`}</td>
      <td class="number">+${took(begunAt - from)}</td>
      <td class="number">${took(last - begunAt)}</td>
      <td class="bar">${bar}</td>
    </tr>`;
  });
  const head = html`<thead>
    <tr>
      <th>step</th>
      <th class="number">after</th>
      <th class="number">took</th>
      <th></th>
    </tr>
  </thead>`;
  return html`<section>
    <h2>Steps and their times</h2>
    ${note && html`<p class="quiet">${note}</p>`}${
      rows.length
        ? html`<table>
            ${head}
            <tbody>
              ${rows}
            </tbody>
          </table>`
        : null
    }
  </section>`;
}
