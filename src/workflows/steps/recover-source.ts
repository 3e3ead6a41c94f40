/** How what was backed up comes back. */
import { CancellationScope } from '@temporalio/workflow';
import type { Candidate, StepOf } from '../../contracts/recovery';
import { progressText } from '../../domain/backups/run';
import { ownLogsText } from '../../domain/recovery/words';
import { clearRestore, judgeStaged, lookForDamage, stageRestore, swapIn, swapped } from './activities';
import { toItsEnd } from './backup-steps';
import { HostFailed, hostFailed } from './host-failure';
import { leave } from './recover-rotation';
import { serveOn } from './recover-service';
import { attended, job, steps, type Outcome, type Recovery } from './recover-tools';

const START_SECONDS = 300;
/** So often one is staged: a connection to the store that was cut says nothing of the backup. */
const TRIES = 2;

/** The best backup that turns out to be what it says; the service works on until it is swapped in. */
export async function restore(run: Recovery, step: StepOf<'restore'>): Promise<Outcome> {
  const stood = step.startFirst ? await stoodStill(run, step) : undefined;
  if (stood) return stood;
  const faults = new Set<string>();
  const bad = new Set<string>();
  const tries = step.candidates.flatMap((candidate) => Array.from({ length: TRIES }, () => candidate));
  for (const [nth, candidate] of tries.entries()) {
    if (bad.has(candidate.id)) continue;
    const of = restoreOf(run, step, candidate, nth);
    try {
      const staged = await stagedWell(run, step, of, candidate);
      if ('compared' in staged) return await swappedIn(run, step, of, candidate, staged.compared);
      if (staged.bad) bad.add(candidate.id);
      faults.add(staged.fault);
      run.happened(`${step.name}: ${staged.fault}`);
    } finally {
      await CancellationScope.nonCancellable(() =>
        clearRestore.executeWithOptions({ summary: `${step.name}: clear up` }, [of]).catch(() => undefined),
      );
    }
  }
  throw new HostFailed(step.host, 'failed', `nothing was swapped in: ${[...faults].join('; ')}`);
}

/** What is well once it is at work needs no backup, which would take away what was written since. */
async function stoodStill(run: Recovery, step: StepOf<'restore'>): Promise<Outcome | undefined> {
  const { name, host, source } = step;
  const { startSource } = steps(run, START_SECONDS);
  try {
    await attended(run, step, () =>
      startSource.executeWithOptions({ summary: `${name}: start it, in case it only stands still` }, [
        { change: run.ref, ...job(run, name), host, source },
      ]),
    );
  } catch (error) {
    const failure = hostFailed(host, error);
    if (failure.kind !== 'failed') throw failure;
    run.happened(`${name}: it cannot be started: ${failure.message}`);
    return undefined;
  }
  const looked = await lookForDamage.executeWithOptions({ summary: `${name}: look at it again` }, [
    { change: run.ref, cluster: run.ref.cluster, hosts: [host], only: 'source' },
  ]);
  const own = looked.find(({ subject }) => subject.kind === 'source' && subject.source === source);
  return own?.is === 'well' ? { how: `it only stood still: ${own.found.join('; ')}` } : undefined;
}

type RestoreOf = ReturnType<typeof restoreOf>;

function restoreOf(run: Recovery, step: StepOf<'restore'>, { id: backup, until }: Candidate, nth: number) {
  const { name, source, host } = step;
  const at = run.plan.intent.recovery.findIndex((one) => one.name === name);
  const id = `restore.${runOf(run)}.${at}.${job(run, name).round}.${nth}`;
  const more = { ...(until !== undefined && { until }), ...(step.ownLogs && { ownLogs: true }) };
  return { change: run.ref, source, host, on: host, backup, id, place: 'inPlace' as const, ...more };
}

/** The same for all runs that go on as a new one. */
const runOf = ({ state }: Recovery) => state.changeId.split('/').at(-1)!;

/** @returns `fault`: in words what is wrong, where something is; `bad`: with the backup itself, for certain */
async function stagedWell(
  run: Recovery,
  { name, maxSeconds }: StepOf<'restore'>,
  of: RestoreOf,
  { id, bytes }: Candidate,
): Promise<{ compared: string } | { fault: string; bad: boolean }> {
  const show = (says: string) => {
    run.throwIfStopped();
    run.noteStep(name, { note: `${id}: ${progressText(says, bytes)}` });
  };
  try {
    await toItsEnd(
      (forMs) =>
        stageRestore.executeWithOptions({ summary: `${name}: restore ${id} beside what is there` }, [
          { ...of, forMs, maxSeconds },
        ]),
      show,
    );
    const { compared, wrong } = await judgeStaged.executeWithOptions(
      { summary: `${name}: compare it with what it says of itself` },
      [of],
    );
    if (wrong.length === 0) return { compared };
    return { fault: `${id} is not what it says: ${wrong.join('; ')}`, bad: true };
  } catch (error) {
    const failure = hostFailed(of.host, error);
    if (failure.kind !== 'failed') throw failure;
    return { fault: `${id}: ${failure.message}`, bad: false };
  }
}

async function swappedIn(
  run: Recovery,
  { name, host, maxSeconds }: StepOf<'restore'>,
  of: RestoreOf,
  { id, at }: Candidate,
  compared: string,
): Promise<Outcome> {
  await leave(run, host);
  await toItsEnd(
    (forMs) =>
      swapIn.executeWithOptions({ summary: `${name}: swap ${id} in` }, [{ ...of, forMs, maxSeconds }]),
    (says) => run.noteStep(name, { note: `swapping it in: ${says}` }),
  );
  const { aside, own } = await swapped.executeWithOptions({ summary: `${name}: what was set aside` }, [of]);
  await serveOn(run, host);
  const how = `${id}, which holds ${at}: ${compared}${own ? `; ${ownLogsText(own)}` : ''}`;
  if (own?.complete) return { how, aside };
  return { how, aside, at: own?.at ?? at };
}
