import {
  DRIFT,
  type Drift,
  type DriftDiff,
  type DriftKind,
  type Finding,
} from '../../contracts/config-drift';
import type { Status } from '../../contracts/status';
import { toneOfDrift } from '../rows';
import { html, type Html } from './html';
import { list, section, state, table } from './parts';

/** How files of hosts are otherwise than wanted, and what somebody has written into them. */
export function driftSections({ drift }: Status): Html | null {
  if (!drift) return null;
  return html`${section('Drift', found(drift))} ${section('Edited by hand', diffs(drift))}`;
}

function found({ findings, moreFindings, wanted, revision }: Drift): Html {
  const intro = html`<p class="quiet">What is wanted: ${wanted}, which is revision ${revision}.</p>`;
  if (findings.length === 0)
    return html`${intro}
      <p>Every file that was looked at is so.</p>`;
  const row = (finding: Finding) =>
    html`<tr>
      <td>${finding.host}</td>
      <td>${finding.path ?? 'all files'}</td>
      <td class="nowrap">${state(finding.kind, toneOfDrift(finding))}</td>
      <td>${finding.text}</td>
    </tr>`;
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  const meaning = (kind: DriftKind) => html`<li>${kind}: ${DRIFT[kind].means}</li>`;
  return html`${intro}${table(['host', 'file', 'is', ''], findings.map(row))}${more(moreFindings, 'findings')}
    <div class="quiet">${list(kinds.map(meaning))}</div>`;
}

function diffs({ diffs, moreDiffs }: Drift): Html | null {
  if (diffs.length === 0) return null;
  const intro = html`<p class="quiet">
    From what is wanted (−) to what is there (+). Secrets are not shown.
  </p>`;
  return html`${intro}${diffs.map(diff)}${more(moreDiffs, 'diffs')}`;
}

function diff({ path, hosts, text }: DriftDiff): Html {
  return html`<h3>${path} <span class="quiet">on ${hosts.join(', ')}</span></h3>
    <pre class="diff">${text.split('\n').map(line)}</pre>`;
}

const SIGNS: Record<string, string> = { '+': 'good', '-': 'bad', '@': 'quiet' };

/** No blank may stand around it: the text is shown as it is. */
function line(text: string): Html {
  return html`<span class="${SIGNS[text[0] ?? ''] ?? ''}">${text}${'\n'}</span>`;
}

const more = (count: number, what: string) =>
  count > 0 ? html`<p class="quiet">and ${count} more ${what}, which there is no room for</p>` : null;
