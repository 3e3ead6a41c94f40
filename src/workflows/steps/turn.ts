/** Waits until hosts and balancers are this change's own, then locks everybody else out. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  sleep,
} from '@temporalio/workflow';
import type { Mistake } from '../../contracts/failures';
import type { Claim, LeaseAsk, Line } from '../../contracts/lease';
import { leaseId, TO_LEASE } from '../../contracts/lease';
import type { PlannedHost } from '../../contracts/plan';
import type { Phase } from '../../contracts/status';
import { changeText } from '../../domain/about';
import { covers } from '../../domain/lease';
import { closureClaims } from '../../domain/maintenance';
import { badInput } from '../../domain/mistakes';
import { claimsOf, hostsIn, waitText } from '../../domain/turn';
import { askForLease, phasesOf, raiseFences, watchRun } from './activities';
import type { Change } from './change';
import { ChangeStopped } from './change';
import { hostFailed } from './host-failure';

/** Milliseconds until a change says that it waits, though the lease has said nothing yet. */
const SILENCE = 5_000;

/**
 * Takes the lease of all hosts and balancers of the plan. Others may have changed them while it waited, so the
 * plan is made again then; when it has become another one, earlier approvals are void.
 *
 * @param replan makes the plan anew and takes it into the state
 * @param claims default: all that the plan works on
 */
export async function takeTurn(
  run: Change,
  replan: () => Promise<void>,
  claims: (run: Change) => Claim[] = ownClaims,
): Promise<void> {
  // runs of 0.1.0 go on as they were
  if (run.plan.format < 2) return;
  for (let { hash } = run.plan; claims(run).length > 0; { hash } = run.plan) {
    const ask = askOf(run, claims(run));
    if (run.turn.granted && covers(run.turn.granted.claims, ask.claims)) break;
    if (!(await granted(run, ask))) break;
    await replan();
    if (run.plan.hash === hash) break;
    run.status.notes.push('the plan changed while the change waited in line; earlier approvals are void');
    Object.assign(run.state.control, { decisions: {}, early: [] });
  }
  const { unready, intent } = run.plan;
  if (unready) {
    const { type, message, details } = badInput(unready);
    throw ApplicationFailure.create({ type, message, details: [details], nonRetryable: true });
  }
  if (intent.hosts.length) lockOthersOut(run);
}

/** Begins to lock earlier changes out of what was granted; `fencesUp` waits for it. */
export function lockOthersOut(run: Change): void {
  run.fences ??= raise(run).catch((error: unknown) => error);
}

/** Nobody who came before can act on the hosts any more; those that could not be told are in the notes. */
export async function fencesUp(run: Change): Promise<void> {
  const error = await run.fences;
  if (!error) return;
  const { kind, message } = hostFailed('', error);
  if (kind === 'fenced')
    throw new ChangeStopped('failed', `${message}; it is left to the newer change`, false);
  throw new ChangeStopped('failed', `earlier changes could not be locked out: ${message}`, false);
}

function ownClaims(run: Change): Claim[] {
  const { service, hosts, closures = [], claims, members = {} } = run.plan.intent;
  const own = claims === 'hosts' ? [] : [service.name];
  return [
    ...(hosts.length ? claimsOf([...own, ...Object.keys(members)], [...hosts, ...hostsOfSteps(run)]) : []),
    ...closureClaims(closures),
  ];
}

function askOf(run: Change, claims: Claim[]): LeaseAsk {
  const { intent, hash, same } = run.plan;
  return {
    id: run.status.id,
    change: run.turn.key,
    what: changeText(intent.service.name, intent),
    rank: intent.rank ?? 'usual',
    claims,
    same: [hash, ...(same ? [same] : [])],
  };
}

/** @returns true when it had to wait */
async function granted(run: Change, ask: LeaseAsk): Promise<boolean> {
  Object.assign(run.turn, { asked: true, granted: null, line: null, refused: null });
  run.fences = undefined;
  const { turn } = run;
  await asked(run, ask);
  await condition(() => isSettled(run) || turn.line !== null, SILENCE);
  const waits = !isSettled(run);
  try {
    if (waits) await standInLine(run, ask);
    run.throwIfStopped();
  } catch (error) {
    await withdraw(run);
    throw error;
  }
  if (turn.refused) throw refusal(run, turn.refused);
  return waits;
}

function isSettled({ turn, state }: Change): boolean {
  return turn.granted !== null || turn.refused !== null || state.control.abort !== null;
}

async function asked(run: Change, ask: LeaseAsk): Promise<void> {
  const { name: cluster, file } = run.plan.intent.cluster;
  await askForLease.executeWithOptions({ summary: `ask for what ${ask.what} works on` }, [
    { cluster, file, ask },
  ]);
}

/** Says who holds what it needs, and waits until its turn comes, a person stops it, or its time is over. */
async function standInLine(run: Change, ask: LeaseAsk): Promise<void> {
  const { control } = run.state;
  const hours = run.plan.intent.settings.personDeadlineHours;
  const until = Date.now() + hours * 3_600_000;
  control.extended = 0;
  const asking = new CancellationScope();
  asking
    .run(() => keepAsking(run, ask))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  let seen: Line | null = null;
  let phases: Record<string, Phase> = {};
  try {
    while (!isSettled(run)) {
      const { line } = run.turn;
      const { extended } = control;
      const deadline = until + extended * 60_000;
      show(run, waitText(line, phases), deadline);
      if (line && line !== seen) {
        seen = line;
        const ids = [...line.holders, ...line.ahead].map(({ id }) => id);
        phases = await phasesOf.executeWithOptions({ summary: 'how far those before it are' }, [{ ids }]);
        continue;
      }
      const news = () => isSettled(run) || run.turn.line !== line || control.extended !== extended;
      if (!(await condition(news, deadline - Date.now(), { summary: 'its turn' })))
        throw new ChangeStopped(
          'failed',
          `its turn did not come in ${hours} h: ${run.status.summary}`,
          false,
        );
    }
  } finally {
    asking.cancel();
    run.status.waitingFor = null;
  }
}

function show(run: Change, what: string, deadline: number): void {
  run.status.waitingFor = {
    what,
    answers: [{ message: 'abort', payload: { by: 'you', undo: true } }],
    until: new Date(deadline).toISOString(),
    then: 'the change ends; it has touched nothing',
  };
  run.enter('queued', what);
}

/**
 * A lease that was terminated has forgotten who waits. One that does not stay is asked ever more slowly.
 */
async function keepAsking(run: Change, ask: LeaseAsk): Promise<void> {
  const { name } = run.plan.intent.cluster;
  const unlessCancelled = (error: unknown) => {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  };
  for (let pause = 0; ; pause = Math.min(30_000, 2 * pause + 1_000)) {
    await watchRun
      .executeWithOptions({ summary: 'see that the lease lives' }, [{ id: leaseId(name) }])
      .catch(unlessCancelled);
    if (pause) await sleep(pause);
    await asked(run, ask).catch(unlessCancelled);
  }
}

/** Nobody needs to wait for it any longer. */
async function withdraw(run: Change): Promise<void> {
  const lease = getExternalWorkflowHandle(leaseId(run.plan.intent.cluster.name));
  // where there is no lease, nobody waits
  await lease.signal(TO_LEASE.withdraw, { change: run.turn.key }).catch(() => undefined);
}

function refusal(run: Change, { why, by }: NonNullable<Change['turn']['refused']>): ApplicationFailure {
  const { name } = run.plan.intent.cluster;
  if (why === 'tooMany')
    return ApplicationFailure.nonRetryable(`${by} changes wait in line for ${name} already`, 'Failed');
  const message = `the same change waits or works already: ${by}; nothing was touched`;
  const rule = `\`pawl get ${by} --watch\` follows it`;
  const mistakes: Mistake[] = [{ code: 'alreadyRunning', path: 'input', value: by, rule }];
  return ApplicationFailure.nonRetryable(message, 'AlreadyRunning', { mistakes, first: by });
}

/** Hosts on which something is done once, and that are not changed themselves. */
function hostsOfSteps({ plan: { intent } }: Change): PlannedHost[] {
  const names = (intent.runOnce ?? []).map(({ host }) => host);
  const others = names.filter((name) => !intent.hosts.some((host) => host.name === name));
  return [...new Set(others)].map((name) => ({ name, places: [] }));
}

async function raise(run: Change): Promise<void> {
  const { service, actsAt, hosts, members, services = {} } = run.plan.intent;
  const mine = hostsIn(run.turn.granted?.claims ?? []);
  const all = members
    ? Object.entries(members).map(([name, of]) => ({ service: services[name]!, hosts: of }))
    : [{ service, hosts: [...hosts, ...hostsOfSteps(run)] }];
  for (const { service, hosts } of all) {
    const own = hosts.filter(({ name }) => mine.includes(name));
    const { unreached } = await raiseFences.executeWithOptions(
      { summary: 'lock earlier changes out of hosts and balancers' },
      [{ change: run.ref, service, hosts: own, holder: run.status.id, ...(actsAt && { only: actsAt }) }],
    );
    for (const { name, why } of unreached)
      run.status.notes.push(
        `earlier changes are locked out of ${name} only with the first write there: ${why}`,
      );
  }
}
