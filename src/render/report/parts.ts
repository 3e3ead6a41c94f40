/** What sections of a report are made of. */
import type { Tone } from '../rows';
import { html, type Html } from './html';

/** What there is nothing of has no heading either. */
export function section(name: string, content: Html | readonly Html[] | null): Html | null {
  if (content === null || (Array.isArray(content) && content.length === 0)) return null;
  return html`<section>
    <h2>${name}</h2>
    ${content}
  </section>`;
}

export const list = (items: Html[]) =>
  items.length
    ? html`<ul>
        ${items}
      </ul>`
    : null;

export function table(names: string[], rows: Html[]): Html | null {
  if (rows.length === 0) return null;
  return html`<table>
    <thead>
      <tr>
        ${names.map((name) => html`<th>${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** A state with its sign: colours are not all that tells them apart. */
export function state(word: string, { tone, mark }: { tone: Tone; mark: string }): Html {
  return html`<span class="state ${tone}"><span class="mark">${mark}</span>${word}</span>`;
}
