/** Questions to a person. Each ends with the answer, an abort, or the deadline of the plan as a failure. */
import { condition } from '@temporalio/workflow';
import type { Phase, WaitingFor } from '../../contracts/status';
import type { Gate } from '../../domain/control';
import { announce } from './announce';
import type { Change } from './change';
import { ChangeStopped } from './change';

/** Opens a gate and waits for approve or reject. */
export async function approval(run: Change, gate: Gate, what: string): Promise<void> {
  const { control } = run.state;
  run.openGate(gate);
  await askPerson(run, 'awaitingApproval', {
    what,
    answers: [
      { message: 'approve', payload: { by: 'you', planHash: run.plan.hash.slice(0, 12) } },
      { message: 'reject', payload: { by: 'you' } },
    ],
    answered: () => control.decisions[gate] !== undefined,
  });
  run.doing.openGate = null;
  const decision = control.decisions[gate];
  if (decision && !decision.approved)
    throw new ChangeStopped(
      'aborted',
      `${decision.by} rejected it${decision.note ? `: ${decision.note}` : ''}`,
      true,
    );
}

/** A host, or a step that is done once, could not be brought further: a person says retry, skip or abort. */
export async function askAbout(
  run: Change,
  subject: { host: string } | { step: string },
  what: string,
): Promise<'retry' | 'skip'> {
  const { control } = run.state;
  const { askingFor } = run.doing;
  const name = 'host' in subject ? subject.host : subject.step;
  askingFor.add(name);
  const said = (list: string[]) => list.includes(name);
  try {
    await askPerson(run, run.status.phase, {
      what,
      answers: [
        { message: 'retry', payload: { by: 'you', ...subject } },
        { message: 'skip', payload: { by: 'you', ...subject } },
      ],
      answered: () => said(control.retries) || said(control.skips),
    });
  } finally {
    askingFor.delete(name);
  }
  const answer = said(control.skips) ? 'skip' : 'retry';
  control.retries = control.retries.filter((other) => other !== name);
  return answer;
}

/** The gate did not pass: a person says whether it judges again or the change goes on. */
export async function askAboutGate(run: Change, what: string): Promise<'retry' | 'promote'> {
  const { control } = run.state;
  control.promoted = false;
  control.judgeAgain = false;
  run.doing.gateAsks = true;
  try {
    await askPerson(run, run.status.phase, {
      what,
      answers: [
        { message: 'retry', payload: { by: 'you' } },
        { message: 'promote', payload: { by: 'you' } },
      ],
      answered: () => control.promoted || !!control.judgeAgain,
    });
  } finally {
    run.doing.gateAsks = false;
  }
  return control.promoted ? 'promote' : 'retry';
}

type Question = Pick<WaitingFor, 'what' | 'answers'> & { answered: () => boolean };

/** Waits for a person, and says so; more time may be given. */
export async function askPerson(run: Change, phase: Phase, question: Question): Promise<void> {
  const { control } = run.state;
  const { what, answered } = question;
  const hours = run.plan.intent.settings.personDeadlineHours;
  const until = Date.now() + hours * 3_600_000;
  control.extended = 0;
  const answers = [...question.answers, { message: 'abort', payload: { by: 'you', undo: true } }];
  const then = 'the change counts as failed';
  run.enter(phase, what);
  announce(run, 'waitsForPerson', {
    what,
    until: new Date(until).toISOString(),
    then,
    command: `pawl get ${run.status.id}`,
  });
  for (let deadline = until; ; deadline = until + control.extended * 60_000) {
    run.status.waitingFor = { what, answers, until: new Date(deadline).toISOString(), then };
    run.show();
    const extended = control.extended;
    const woken = await run.clock.stand(() =>
      condition(() => answered() || !!control.abort || control.extended !== extended, deadline - Date.now(), {
        summary: what,
      }),
    );
    if (woken && !answered() && !control.abort) continue;
    run.status.waitingFor = null;
    if (answered()) return;
    run.throwIfStopped();
    throw new ChangeStopped('failed', `nobody answered in ${hours} h: ${what}`, 'asPlanned');
  }
}
