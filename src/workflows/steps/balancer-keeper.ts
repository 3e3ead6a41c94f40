/** Keeps balancers as changes want them for as long as a lease lives, and tells what nobody wanted. */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BalancerFinding, BalancerNews, HandBack } from '../../contracts/balancer-truth';
import type { Announcement, PlannedNotifications } from '../../contracts/notifications';
import type { BalancerTruth } from '../../domain/balancer-truth';
import { newTruth, takeNews } from '../../domain/balancer-truth';
import type { LeaseState } from '../../domain/lease';
import { post } from '../../domain/outbox';
import { handBack, keepBalancers, lookAtBalancers } from './activities';
import { Courier } from './courier';

/** Milliseconds until one is asked again that could not be asked. */
const AGAIN = 30_000;
/** Milliseconds for which a lease that nobody needs waits for its messages. */
const LAST_WORDS = 15_000;

export class BalancerKeeper {
  /** rises with each piece of news */
  news = 0;
  private readonly truth: BalancerTruth;
  private readonly courier: Courier;
  private readonly scope = new CancellationScope();

  /** @param shown is called after each change of what is known */
  constructor(
    private readonly lease: LeaseState,
    private readonly shown: () => void,
  ) {
    this.truth = lease.truth ??= newTruth();
    const { outbox } = this.truth;
    // whom each message goes to was fixed when it was written
    const to: PlannedNotifications = { progressSeconds: 0, channels: {} };
    this.courier = new Courier(() => ({ outbox, to, file: lease.file }));
  }

  /** In the background, until `stop`. */
  start(): void {
    this.courier.wake();
    this.scope
      .run(async () => {
        for (;;) await this.keep();
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  }

  stop(): void {
    this.scope.cancel();
  }

  /** Before the lease goes on as another run. */
  rest(): Promise<void> {
    return this.courier.rest();
  }

  /**
   * Whether changes have left something that must be kept, looked up now.
   *
   * @param needed somebody needs the lease: no more waiting for messages to people
   */
  async keeps(needed: () => boolean): Promise<'something' | 'nothing' | 'unknown'> {
    const summary = 'see whether servers are to be kept as changes left them';
    const { file } = this.lease;
    const look = await lookAtBalancers.executeWithOptions({ summary }, [{ file }]).catch(unlessCancelled);
    if (!look?.kept) return 'unknown';
    this.truth.kept = look.kept;
    this.shown();
    if (look.kept.length) return 'something';
    await condition(() => this.truth.outbox.queue.length === 0 || needed(), LAST_WORDS);
    return 'nothing';
  }

  /** @returns the answer, in words */
  async handBack({ host, by }: HandBack): Promise<string> {
    const { file } = this.lease;
    const places = await handBack.executeWithOptions({ summary: `${host}: hand back, for ${by}` }, [
      { file, host },
    ]);
    this.truth.kept = this.truth.kept.filter((place) => place.host !== host);
    this.changed();
    if (places.length === 0) return `nothing is kept of ${host}`;
    const list = places.map(({ wanted, balancer }) => `${wanted} at ${balancer}`).join(', ');
    return `${host} is not kept ${list} any longer; it stays as it is until somebody acts`;
  }

  private async keep(): Promise<void> {
    const known = this.truth.findings.map(({ key, service, what }) => ({ key, service, what }));
    const news = await keepBalancers
      .executeWithOptions({ summary: 'keep balancers as changes want them' }, [
        { file: this.lease.file, known },
      ])
      .catch(unlessCancelled);
    if (news) this.take(news);
    else await sleep(AGAIN);
  }

  private take(news: BalancerNews): void {
    const at = new Date().toISOString();
    const { begun, over } = takeNews(this.truth, news, at);
    for (const { since, ...finding } of begun)
      this.tell(finding, news.tell, {
        kind: 'alert',
        facts: {
          what: finding.what,
          since,
          effect: 'requests go to the other hosts',
          expected: 'somebody looks at it; nothing is done by itself',
        },
      });
    for (const { since, ...finding } of over) {
      const minutes = Math.ceil((Date.parse(at) - Date.parse(since)) / 60_000);
      this.tell(finding, news.tell, { kind: 'allClear', facts: { what: finding.what, since, minutes } });
    }
    this.changed();
  }

  /** Whatever concerns no service alone concerns all. */
  private tell(
    { service }: BalancerFinding,
    tell: BalancerNews['tell'],
    said: Pick<Announcement, 'kind' | 'facts'>,
  ): void {
    const { outbox } = this.truth;
    const all = service === null ? Object.values(tell) : tell[service] ? [tell[service]] : [];
    if (all.length === 0) return;
    const channels = Object.assign({}, ...all.map((to) => to.channels)) as PlannedNotifications['channels'];
    const { workflowId, firstExecutionRunId } = workflowInfo();
    post(outbox, { progressSeconds: 0, channels }, {
      id: `${workflowId}/${firstExecutionRunId}#${outbox.next}`,
      at: new Date().toISOString(),
      cluster: this.lease.cluster,
      service: service ?? 'all services',
      version: 'none',
      change: workflowId,
      ...said,
    } as Announcement);
    this.courier.wake();
  }

  private changed(): void {
    this.news += 1;
    this.shown();
  }
}

function unlessCancelled(error: unknown): undefined {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
}
