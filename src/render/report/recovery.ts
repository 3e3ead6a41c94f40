import type { Looked, Recovered, Recovery } from '../../contracts/recovery';
import type { Status } from '../../contracts/status';
import { answersText, lookedText, lostText } from '../../domain/recovery/words';
import { toneOf } from '../rows';
import { html, type Html } from './html';
import { list, section, state, table } from './parts';
import { took } from './times';

/** What was damaged, what came back and what is lost, and how it is now. */
export function recoverySections({ recovery }: Status): Html | null {
  if (!recovery) return null;
  const { before, after, answers = [] } = recovery;
  return html`${section('Damage', looked(before))} ${section('Recovered', recovered(recovery))}
  ${after && section('After it', html`${looked(after)} ${list(answers.map((one) => html`<li>${answersText(one)}</li>`))}`)}`;
}

const TONES = { well: 'done', damaged: 'failed', unknown: 'unreachable' } as const;

/** What is not well comes first. */
function looked(all: readonly Looked[]): Html | null {
  const order = ['damaged', 'unknown', 'well'] as const;
  const rows = order.flatMap((is) =>
    all
      .filter((one) => one.is === is)
      .map(
        (one) =>
          html`<tr>
            <td class="nowrap">${state(is, toneOf(TONES[is]))}</td>
            <td class="nowrap">${one.level}</td>
            <td>${lookedText(one)}</td>
          </tr>`,
      ),
  );
  return table(['is', 'level', 'measured'], rows);
}

function recovered({ steps }: Recovery): Html | null {
  const row = (step: Recovered) =>
    html`<tr>
      <td>${step.name}</td>
      <td class="nowrap">${took(step.seconds * 1_000)}</td>
      <td>${step.how}</td>
      <td>${lostText(step)}</td>
      <td>${list(step.aside.map((path) => html`<li><code>${path}</code></li>`))}</td>
    </tr>`;
  return table(['step', 'took', '', 'lost', 'what was there'], steps.map(row));
}
