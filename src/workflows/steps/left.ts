/** What a change leaves behind when it ends without having put everything back. */
import { ActivityFailure } from '@temporalio/workflow';
import type { Looked, RecoveryStep } from '../../contracts/recovery';
import type { Todo } from '../../contracts/status';
import { throughText } from '../../domain/about';
import { setsOf, SWITCH } from '../../domain/blue-green';
import { lookAtHosts } from './activities';
import type { Change } from './change';
import { closedLeft } from './closing';
import { subjectOf } from './state';

/** Lists what remains for each host that is not as it was, as it is now. */
export async function listLeftToDo(run: Change): Promise<void> {
  const { undo } = run.state;
  const hosts = [...new Set(undo.flatMap((entry) => ('name' in entry ? [] : [entry.host])))];
  await lookAgain(run, hosts);
  run.status.leftToDo.push(
    ...hosts.flatMap((name) => todosOf(run, name)),
    ...stepsLeft(run),
    ...switchLeft(run),
    ...recoveryLeft(run),
    ...closedLeft(run),
  );
}

/** What was done once for the change and stands. */
export function stepsLeft(run: Change): Todo[] {
  return (run.plan.intent.runOnce ?? []).flatMap(({ name, host, undo }): Todo[] => {
    const { state, note } = run.stepStatus(name);
    if (['pending', 'undone', 'skipped'].includes(state)) return [];
    const what = state === 'done' ? `${name} was done on ${host}` : `${name} on ${host} ${note ?? state}`;
    return undo
      ? [
          {
            host,
            what: `${what}; it stands. Its undo, if it is to be taken back`,
            command: `ssh ${host} ${undo.join(' ')}`,
          },
        ]
      : [{ host, what: `${what}; it cannot be undone` }];
  });
}

/** Balancers that were switched, or may have been. */
export function switchLeft(run: Change): Todo[] {
  const { undo } = run.state;
  const entry = undo.find((one) => one.step === 'switchBalancersBack');
  if (!entry) return [];
  const { coming, leaving } = setsOf(run.plan.intent);
  const { state, note } = run.stepStatus(SWITCH);
  const [fresh, old] = [coming, leaving].map((hosts) => hosts.map(({ name }) => name).join(', '));
  return [
    {
      what:
        state === 'done'
          ? `requests go to ${fresh}; ${old} are out of rotation and run what they ran`
          : `see to ${entry.host}: requests may go to ${fresh} or to ${old} (${note ?? state})`,
    },
  ];
}

/** What did not come back, and who is out of rotation. */
function recoveryLeft(run: Change): Todo[] {
  const over = ['done', 'skipped'];
  const open = (run.plan.intent.recovery ?? []).filter(
    (step) => !over.includes(run.stepStatus(step.name).state) && !servesAsBefore(run, step),
  );
  return [
    ...open.map(({ name, host }) => {
      const { state, note } = run.stepStatus(name);
      return {
        host,
        what: `${name} is not brought back (${state === 'pending' ? 'its turn did not come' : (note ?? state)}); start this again`,
      };
    }),
    ...outLeft(run),
  ];
}

/** It was only to be proven behind what did not come, and nobody has touched it. */
function servesAsBefore({ state, status }: Change, step: RecoveryStep): boolean {
  const { name, host } = step;
  const isWell = ({ host: of, subject, is }: Looked) =>
    step.kind === 'service' &&
    is === 'well' &&
    of === host &&
    subject.kind === 'service' &&
    subject.service === step.service;
  return (
    (status.recovery?.before ?? []).some(isWell) && !state.undo.some((entry) => subjectOf(entry) === name)
  );
}

/** Who was taken out for a recovery, and is not back. */
export function outLeft({ state }: Change): Todo[] {
  return state.undo.flatMap((entry) =>
    entry.step === 'serveAgain'
      ? [
          {
            host: entry.host,
            what: `${entry.host} of ${entry.service} is out of rotation; nodeOnline brings it back`,
          },
        ]
      : [],
  );
}

function todosOf(run: Change, host: string): Todo[] {
  const { service, version: wanted } = run.plan.intent;
  const { state, version, balancers } = run.host(host);
  const was = run.plan.observed.hosts[host]?.version ?? 'unknown';
  if (state === 'done') return [{ host, what: throughText(run.plan.intent, run.host(host), was) }];
  const places = Object.entries(balancers).map(([name, traffic]) => `${traffic.state} at ${name}`);
  return [
    {
      host,
      what: `${host} is ${state} (${version}, ${places.join(', ')}); look at its service`,
      command: `ssh ${host} systemctl status ${service.unit}`,
    },
    {
      host,
      what: wanted
        ? `then finish it: bring ${host} to ${was} or ${wanted}, and back into rotation`
        : `then finish it: start this change again, or bring ${host} back into rotation`,
    },
  ];
}

/** A step that failed half-way knows least of all how it left its host; the report tells what is there. */
export async function lookAgain(run: Change, names: string[]): Promise<void> {
  const { service, hosts } = run.plan.intent;
  const left = hosts.filter(({ name }) => names.includes(name));
  try {
    const summary = `look at ${names.join(', ')} for the report`;
    const seen = await lookAtHosts.executeWithOptions({ summary }, [
      { change: run.ref, service, hosts: left },
    ]);
    for (const { name, version, balancers } of seen) run.note(name, { version, balancers });
  } catch (error) {
    // the report is given all the same, with what was known last
    if (!(error instanceof ActivityFailure)) throw error;
  }
}
