/** What a change tells people on its way. Nothing here waits, and nothing fails. */
import type { Announcement, FactsOf, MessageKind } from '../../contracts/notifications';
import type { RolloutIntent } from '../../contracts/plan';
import type { End } from '../../contracts/status';
import { aboutOf } from '../../domain/about';
import { newOutbox, outboxNotes, post } from '../../domain/outbox';
import type { Change } from './change';

/** Writes an event into the outbox, where the plan names channels: runs without any do exactly what they did. */
export function announce<K extends MessageKind>(run: Change, kind: K, facts: FactsOf[K]): void {
  const { plan, changeId, status } = run.state;
  const to = plan?.intent.notifications;
  if (!plan || !to) return;
  const outbox = (run.state.outbox ??= newOutbox());
  // a repair works in the name of another run, whose numbers are taken
  const who = changeId.startsWith(`${status.id}/`) ? changeId : status.id;
  post(outbox, to, {
    id: `${who}#${outbox.next}`,
    kind,
    at: new Date().toISOString(),
    cluster: plan.intent.cluster.name,
    service: plan.intent.service.name,
    version: aboutOf(plan.intent),
    change: status.id,
    facts,
  } as Announcement);
  run.courier.wake();
}

export function announceBegin(run: Change): void {
  const { hosts, batches } = run.plan.intent;
  announce(run, 'began', { hosts: hosts.length, batches: batches?.length ?? 1 });
}

/** A batch is through, with its observation. Behind the last one comes the end, which says more. */
export function announceProgress(run: Change<RolloutIntent>): void {
  const { hosts, batches } = run.plan.intent;
  if (run.state.batchesDone === batches.length) return;
  const done = run.status.hosts.filter(({ state }) => state === 'done').length;
  announce(run, 'progress', {
    done,
    hosts: hosts.length,
    batch: run.state.batchesDone,
    batches: batches.length,
    percent: Math.floor((100 * done) / Math.max(1, hosts.length)),
  });
}

/** The last words, and what of all words did not arrive. */
export async function announceEnd(run: Change, end: End, summary: string): Promise<void> {
  const { plan, status } = run.state;
  if (!plan?.intent.notifications || end === 'planned') return;
  if (status.workflow === 'repair') announce(run, 'undone', { complete: end === 'succeeded', why: summary });
  else announce(run, 'ended', endOf(run, end, summary));
  await run.courier.finish();
  status.notes.push(...outboxNotes(run.state.outbox ?? newOutbox()));
  run.show();
}

function endOf({ status }: Change, end: End, summary: string): FactsOf['ended'] {
  const ms = Date.now() - Date.parse(status.startedAt);
  return {
    end,
    well: end === 'succeeded',
    summary,
    minutes: Math.ceil(ms / 60_000),
    leftToDo: status.leftToDo.map(({ what }) => what),
  };
}
