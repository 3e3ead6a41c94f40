import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Held, LeaseStart, Leftover, ToHolder } from '../contracts/lease';
import { LeaseAsk, LeaseWithdraw, TO_LEASE } from '../contracts/lease';
import { HandBack } from '../contracts/balancer-truth';
import type { Status } from '../contracts/status';
import type { Act, LeaseMessage, LeaseState } from '../domain/lease';
import { adopt, isIdle, newLease, nextDeadline, settle, take } from '../domain/lease';
import { leaseStatus } from '../domain/lease-status';
import { parseInput } from '../domain/mistakes';
import { hostsIn } from '../domain/turn';
import { statusMarkdown } from '../render/markdown';
import { repair } from './repair';
import { findHolders, watchRun } from './steps/activities';
import { BalancerKeeper } from './steps/balancer-keeper';

/** Milliseconds; a workflow that goes on for ever begins anew each day, so that new code gets its turn. */
const DAY = 24 * 3_600_000;
/** Milliseconds until balancers are asked again whether they keep something. */
const ASK_AGAIN = 60_000;

/**
 * Who may work on a cluster, one at a time on each host. Messages are only noted when they come; one loop takes
 * them in, grants, and tells. It ends when nobody holds anything and nobody waits.
 */
export async function lease(
  start: LeaseStart,
  carried?: LeaseState,
): Promise<Status & { epoch: number; leftovers: Leftover[] }> {
  // a lease that was cancelled would forget those who hold something
  return CancellationScope.nonCancellable(() => new Lease(start, carried).run());
}

// It may go on for weeks, while somebody always needs it. Where workers have no versions, the server takes none.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  lease,
);

class Lease {
  private readonly state: LeaseState;
  private readonly inbox: LeaseMessage[] = [];
  private readonly watched = new Map<string, CancellationScope>();
  private readonly keeper: BalancerKeeper | null;

  constructor(
    private readonly start: LeaseStart,
    private readonly carried?: LeaseState,
  ) {
    const { before, cluster, file } = start;
    const { epoch, leftovers } = before.ended ? before : { epoch: 0, leftovers: [] };
    const startedAt = workflowInfo().startTime.toISOString();
    this.state = carried ?? newLease({ cluster, file, epoch, leftovers, startedAt });
    this.keeper = start.keeps ? new BalancerKeeper(this.state, () => this.show()) : null;
    this.listen();
    this.show();
  }

  async run(): Promise<Status & { epoch: number; leftovers: Leftover[] }> {
    if (!this.carried && !this.start.before.ended) await this.adopt(this.start.before.runId);
    this.keeper?.start();
    for (;;) {
      await this.work();
      if (this.inbox.length) continue;
      this.watchAll();
      let longest = this.state.held.length ? DAY : undefined;
      if (isIdle(this.state)) {
        const kept = (await this.keeper?.keeps(() => this.inbox.length > 0)) ?? 'nothing';
        await this.handlersOver();
        if (this.inbox.length) continue;
        if (kept === 'nothing') break;
        longest = kept === 'unknown' ? ASK_AGAIN : DAY;
      }
      if (this.isLong()) await this.goOn();
      await this.wait(longest);
    }
    this.keeper?.stop();
    const { epoch, leftovers } = this.state;
    return { ...this.status(), phase: 'succeeded', endedAt: new Date().toISOString(), epoch, leftovers };
  }

  /** Until a message, a deadline or the end of a day comes. */
  private async wait(longest: number | undefined): Promise<void> {
    const due = nextDeadline(this.state);
    const told = this.keeper?.news;
    // whoever is not watched any more, though nobody knows how it ended, is watched again
    const news = () =>
      this.inbox.length > 0 || this.watched.size < this.state.held.length || this.keeper?.news !== told;
    const left = due === null ? longest : due - Date.now();
    if (left === undefined) await condition(news);
    else if (left > 0) await condition(news, left);
  }

  /** As a new run, unless somebody says something meanwhile. */
  private async goOn(): Promise<void> {
    await this.keeper?.rest();
    await this.handlersOver();
    if (this.inbox.length) return;
    await continueAsNew<typeof lease>({ ...this.start, keeps: true }, this.state);
  }

  private async handlersOver(): Promise<void> {
    if (!allHandlersFinished()) await condition(allHandlersFinished);
  }

  private listen(): void {
    setHandler(defineQuery<Status>('status'), () => this.status(), {
      description: 'Who holds what, who waits',
    });
    setHandler(defineQuery<LeaseState>('state'), () => this.state, {
      description: 'All that the lease knows',
    });
    // what nobody can read came from nobody who waits for an answer
    setHandler(
      defineSignal<[unknown]>(TO_LEASE.ask),
      (payload) => {
        const ask = LeaseAsk.safeParse(payload);
        if (ask.success) this.inbox.push({ name: 'ask', ask: ask.data });
      },
      { description: 'From a change: it needs these hosts and balancers' },
    );
    setHandler(
      defineSignal<[unknown]>(TO_LEASE.withdraw),
      (payload) => {
        const said = LeaseWithdraw.safeParse(payload);
        if (said.success) this.inbox.push({ name: 'withdraw', change: said.data.change });
      },
      { description: 'From a change: it waits no longer' },
    );
    if (this.keeper) this.takesBack(this.keeper);
  }

  private takesBack(keeper: BalancerKeeper): void {
    setHandler(defineUpdate<string, [HandBack]>('handBack'), (payload) => keeper.handBack(payload), {
      validator: (payload) => {
        const { host } = parseInput(HandBack, payload);
        const holder = this.state.held.find(({ claims }) => hostsIn(claims).includes(host));
        if (holder) throw ApplicationFailure.nonRetryable(`${holder.id} works on ${host} and answers for it`);
      },
      description: 'From a person: keep a host no longer as a change left it. {"host":"n1","by":"anna"}',
    });
  }

  /** The lease before this one did not end by itself: those who hold something by its word go on holding it. */
  private async adopt(lostRun?: string): Promise<void> {
    const { cluster, file } = this.state;
    try {
      const found = await findHolders.executeWithOptions({ summary: 'see who holds something already' }, [
        { cluster, file, lostRun },
      ]);
      this.inbox.push(...adopt(this.state, found));
    } catch (error) {
      // the fences on the hosts protect all the same
      if (!(error instanceof ActivityFailure)) throw error;
    }
  }

  /** Takes in what has come, and does what follows. */
  private async work(): Promise<void> {
    const now = Date.now();
    const acts = this.inbox.splice(0).flatMap((message) => take(this.state, message, now));
    acts.push(...settle(this.state, now));
    this.show();
    for (const act of acts) await this.perform(act);
  }

  private async perform(act: Act): Promise<void> {
    switch (act.act) {
      case 'grant': {
        const { change, epoch, claims } = act.to;
        const told = await this.tell(act.to, 'leaseGranted', {
          change,
          epoch,
          claims,
          leftovers: act.leftovers,
        });
        // it has ended while it waited, and has touched nothing
        if (!told)
          this.inbox.push({ name: 'ended', change, end: { how: 'ended', why: 'gone', leftToDo: [] } });
        return;
      }
      case 'tell':
        if (!(await this.tell(act.to, 'leaseQueued', { change: act.to.change, line: act.line })))
          this.inbox.push({ name: 'withdraw', change: act.to.change });
        return;
      case 'refuse':
        await this.tell(act.to, 'leaseRefused', { change: act.to.change, why: act.why, by: act.by });
        return;
      case 'yield': {
        const { from, by, takesAll } = act;
        const { change, epoch } = from;
        const until = new Date(act.until).toISOString();
        await this.tell(from, 'yieldLease', { change, by, epoch, until, takesAll });
        return;
      }
      case 'evict':
        // first that it may not undo, then that it shall end
        await this.tell(act.from, 'leaseLost', { change: act.from.change, by: act.by });
        await getExternalWorkflowHandle(act.from.id)
          .cancel()
          .catch(() => undefined);
        return;
      case 'repair':
        return this.startRepair(act);
    }
  }

  /** @returns false when there is nobody any more */
  private async tell<N extends keyof ToHolder>(
    { id }: { id: string },
    name: N,
    said: ToHolder[N],
  ): Promise<boolean> {
    return getExternalWorkflowHandle(id)
      .signal(name, said)
      .then(
        () => true,
        () => false,
      );
  }

  /** It works in the place of the one that was cut off, and outlives this lease if need be. */
  private async startRepair({ after, by, end }: Act & { act: 'repair' }): Promise<void> {
    const { cluster, file } = this.state;
    const { id, change, what } = after;
    await startChild(repair, {
      workflowId: by.id,
      args: [
        {
          cluster,
          file,
          dead: { id, change, what, why: end.why, runId: end.runId },
          epoch: by.epoch,
          claims: by.claims,
        },
      ],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowTaskTimeout: '5s',
      staticSummary: `put back what ${id} left`,
    });
  }

  /** Those who hold something, and nobody else. */
  private watchAll(): void {
    for (const held of this.state.held) this.watch(held);
    for (const [change, scope] of this.watched)
      if (!this.state.held.some((held) => held.change === change)) scope.cancel();
  }

  /** Learns when a holder is over, however it ends: that gives its lease back. */
  private watch({ id, change }: Held): void {
    if (this.watched.has(change)) return;
    const scope = new CancellationScope();
    this.watched.set(change, scope);
    const firstRunId = change.startsWith(`${id}/`) ? change.slice(id.length + 1) : undefined;
    scope
      .run(() => watchRun.executeWithOptions({ summary: `see how ${id} ends` }, [{ id, firstRunId }]))
      .then(
        (end) => void this.inbox.push({ name: 'ended', change, end }),
        (error: unknown) => {
          // whoever holds nothing any more need not be watched
          if (!(error instanceof ActivityFailure) && !isCancellation(error)) throw error;
        },
      )
      .finally(() => this.watched.delete(change));
  }

  private isLong(): boolean {
    const { continueAsNewSuggested, historyLength, runStartTime } = workflowInfo();
    return continueAsNewSuggested || historyLength > 2_000 || Date.now() - runStartTime.getTime() > DAY;
  }

  private status(): Status {
    return leaseStatus(this.state, workflowInfo().workflowId);
  }

  private show(): void {
    setCurrentDetails(statusMarkdown(this.status()));
  }
}
