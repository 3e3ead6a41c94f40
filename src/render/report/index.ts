/** The report of a run as one HTML file, which needs neither a network nor a script. */
import type { GateStatus, HostStatus, Status } from '../../contracts/status';
import type { StepTimes } from '../../contracts/step-times';
import { changeText } from '../../domain/about';
import { GATE_TONES, moreLines, toneOf, toneOfLoss, trafficTexts, type AnswerText } from '../rows';
import { chartsOf, rates, type Drawing } from './charts';
import { driftSections } from './drift';
import { html, type Html } from './html';
import { recoverySections } from './recovery';
import { list, section, state, table } from './parts';
import { STYLE } from './style';
import { stepTimesSection } from './step-times';
import { took, utc } from './times';

export interface Told {
  status: Status;
  stepTimes: StepTimes;
  /** ISO time: when it was asked */
  asOf: string;
  /** why its worker gives no answer, where it gives none */
  silent?: string;
  answerText: AnswerText;
}

export async function reportHtml(told: Told): Promise<string> {
  const drawing = await import('echarts');
  const { status } = told;
  const title = status.service ? `${changeText(status.service, status)} on ${status.cluster}` : status.id;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${status.phase}: ${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          ${head(told, title)} ${waiting(told)} ${section('Left to do', leftToDo(status))}
          ${section('Hosts', hosts(status))} ${driftSections(status)} ${recoverySections(status)}
          ${section('Lost requests', lostRequests(status))}
          ${section('Steps that are done once', steps(status))}
          ${section(
            'Gates',
            (status.gates ?? []).map((one) => gate(drawing, one)),
          )}
          ${stepTimesSection(told.stepTimes, Date.parse(status.startedAt), Date.parse(status.endedAt ?? told.asOf))}
          ${section('What happened', happenings(status))} ${section('Messages', messages(status))}
          ${section('Files', files(status))}
          ${section('Notes', list(status.notes.map((note) => html`<li>${note}</li>`)))}
        </main>
      </body>
    </html> `.text;
}

function head({ status, asOf, silent }: Told, title: string): Html {
  const { phase, summary, id, planHash, startedAt, endedAt, batch, workflow } = status;
  const facts: [string, string | null | undefined][] = [
    ['run', `${id} (${workflow})`],
    ['plan', planHash?.slice(0, 12)],
    ['batch', batch && `${batch.index} of ${batch.of}`],
    ['began', utc(startedAt)],
    [
      endedAt ? 'ended' : 'as of',
      `${utc(endedAt ?? asOf)}, after ${took(Date.parse(endedAt ?? asOf) - Date.parse(startedAt))}`,
    ],
    ['but', silent],
  ];
  const rows = facts.flatMap(([name, fact]) =>
    fact
      ? [
          html`<dt>${name}</dt>
            <dd>${fact}</dd>`,
        ]
      : [],
  );
  return html`<header>
    <h1>${title}</h1>
    <p>${state(phase, toneOf(phase))} ${summary}</p>
    <dl>${rows}</dl>
  </header>`;
}

function waiting({ status, answerText }: Told): Html | null {
  const { waitingFor, id } = status;
  if (!waitingFor) return null;
  const answers = waitingFor.answers.map(
    ({ message, payload }) => html`<li>${message}: <code>${answerText(id, message, payload)}</code></li>`,
  );
  return section(
    'Waiting for',
    html`<p>${waitingFor.what} (until ${utc(waitingFor.until)}, then ${waitingFor.then})</p>
      ${list(answers)}`,
  );
}

function lostRequests({ certificate }: Status): Html | null {
  if (!certificate) return null;
  const { lost, text, where } = certificate;
  const rows = where.map(
    (one) =>
      html`<tr>
        <td>${one.at}</td>
        <td>${one.while}</td>
        <td class="number">${one.lost}</td>
      </tr>`,
  );
  return html`<p>${state(lost === null ? 'not counted' : `${lost}`, toneOfLoss(certificate))} ${text}</p>
    ${table(['at', 'while', 'lost'], rows)}`;
}

function leftToDo({ leftToDo }: Status): Html | null {
  return list(
    leftToDo.map(
      ({ host, what, command }) =>
        html`<li>
          <span class="mark bad">→</span
          >${host && `${host}: `}${what}${command && html` <code>${command}</code>`}
        </li>`,
    ),
  );
}

function hosts({ hosts }: Status): Html | null {
  const row = (host: HostStatus) =>
    html`<tr>
      <td>${host.name}</td>
      <td>${host.version}</td>
      <td class="nowrap">${state(host.state, toneOf(host.state))}</td>
      <td>${trafficTexts(host.balancers).join(', ')}</td>
      <td>${host.note}</td>
    </tr>`;
  return table(['host', 'version', 'state', 'balancers', ''], hosts.map(row));
}

function steps({ steps }: Status): Html | null {
  const rows = steps.map(
    ({ name, when, host, state: is, note }) =>
      html`<tr>
        <td>${name}</td>
        <td>${when && `${when} the hosts`}</td>
        <td>${host}</td>
        <td class="nowrap">${state(is, toneOf(is))}</td>
        <td>${note}</td>
      </tr>`,
  );
  return table(['step', 'when', 'on', 'state', ''], rows);
}

function gate(drawing: Drawing, { name, verdict, text, claims, saw }: GateStatus): Html {
  const said = claims ?? saw?.claims ?? [];
  const rows = said.map((claim) => {
    const { tone, mark } = GATE_TONES[claim.verdict];
    return html`<li><span class="mark ${tone}">${mark}</span>${claim.text}</li>`;
  });
  return html`<div class="gate">
    <h3>${name} ${state(verdict, GATE_TONES[verdict])}</h3>
    ${rows.length && verdict !== 'promoted' ? null : html`<p>${text}</p>`}${list(rows)}${saw && charts(drawing, name, saw)}
  </div>`;
}

function charts(drawing: Drawing, name: string, saw: NonNullable<GateStatus['saw']>): Html | null {
  const drawn = chartsOf(drawing, saw).map(
    ({ title, note, svg }) =>
      html`<figure role="img" aria-label="${`${name}: ${title}, changed hosts beside peers`}">
        <figcaption>${title}<small>${note}</small></figcaption>
        ${svg}
      </figure>`,
  );
  if (drawn.length === 0) return null;
  const { changed, peers } = saw.hosts;
  const rate = rates(saw);
  const count = (of: number, answers?: string) =>
    `${of} host${of === 1 ? '' : 's'}${answers ? `, ${answers} answers/s each` : ''}`;
  return html`<p class="key quiet">
      <i class="changed"></i>changed (${count(changed, rate?.changed)})<i class="peers"></i
      >${peers ? `peers (${count(peers, rate?.peers)})` : 'no peers are left'}<i class="limit"></i>limit
    </p>
    <div class="charts">${drawn}</div>`;
}

function happenings({ timeline = [] }: Status): Html | null {
  const rows = timeline.map(
    ({ at, what }) =>
      html`<tr>
        <td class="nowrap">${utc(at)}</td>
        <td>${what}</td>
      </tr>`,
  );
  return table(['when', 'what'], rows);
}

/** Each line in a block of its own, so that its colour goes with it. */
function files({ diffs }: Status): Html | null {
  if (!diffs) return null;
  const line = (text: string) =>
    html`<span class="${text.startsWith('+') ? 'good' : text.startsWith('-') ? 'bad' : ''}">${text}</span>`;
  return html`${diffs.shown.map(
    ({ hosts, text }) =>
      html`<h3>on ${hosts.join(', ')}</h3>
        <pre>${text.split('\n').map(line)}</pre>`,
  )}${diffs.more > 0 && html`<p class="quiet">${moreLines(diffs.more)}</p>`}`;
}

function messages({ messages }: Status): Html | null {
  const rows = messages.map(
    ({ at, name, by, answer }) =>
      html`<tr>
        <td class="nowrap">${utc(at)}</td>
        <td>${name}</td>
        <td>${by}</td>
        <td>${answer}</td>
      </tr>`,
  );
  return table(['when', 'message', 'by', 'answer'], rows);
}
