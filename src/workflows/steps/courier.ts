/** Carries the outbox of a change to people, in the background: whatever becomes of it, the change goes on. */
import { CancellationScope, condition } from '@temporalio/workflow';
import type { PlannedNotifications, Undelivered } from '../../contracts/notifications';
import type { Outbox, Send } from '../../domain/outbox';
import { giveUpAll, hurry, nextSend, settle } from '../../domain/outbox';
import { notify } from './activities';

/** Milliseconds for which the end of a change waits for its messages. */
const LAST_WORDS = 15_000;
/** Milliseconds for which a run that goes on as a new one waits for the message on its way: it would be sent twice. */
const BETWEEN_LIVES = 2_000;

export interface Route {
  outbox: Outbox;
  to: PlannedNotifications;
  /** path of the cluster file */
  file: string;
}

export class Courier {
  private working = false;
  private sending = false;
  private last = false;
  private resting = false;
  /** rises when there is something new to look at */
  private news = 0;

  /** @param route undefined where nobody is to be told */
  constructor(private readonly route: () => Route | undefined) {}

  /** There may be something to send. */
  wake(): void {
    this.news += 1;
    if (this.working || !this.route()) return;
    this.working = true;
    void CancellationScope.nonCancellable(() => this.work());
  }

  /** The change is over: everything is sent that can be, and the rest is given up. */
  async finish(): Promise<void> {
    const route = this.route();
    if (!route) return;
    this.last = true;
    hurry(route.outbox);
    this.wake();
    await condition(() => route.outbox.queue.length === 0, LAST_WORDS);
    giveUpAll(route.outbox, `no answer in the ${LAST_WORDS / 1_000} s after the end of the change`);
  }

  /** Before the run goes on as another one, which sends the rest: of what left now nobody would hear whether it arrived. */
  async rest(): Promise<void> {
    this.resting = true;
    if (this.sending) await condition(() => !this.sending, BETWEEN_LIVES);
  }

  private async work(): Promise<void> {
    try {
      for (let route = this.route(); route && !this.resting; route = this.route()) {
        const { send, wakeAt } = nextSend(route.outbox, route.to, Date.now());
        if (send) await this.send(route, send);
        else if (wakeAt === null) return;
        else {
          const seen = this.news;
          await condition(() => this.news !== seen, Math.max(1, wakeAt - Date.now()));
        }
      }
    } finally {
      // with the last look, and not a moment later: what comes then wakes it again
      this.working = false;
    }
  }

  private async send({ outbox, file }: Route, send: Send): Promise<void> {
    const { announcement, channels } = send;
    const summary = `tell ${channels.join(', ')}: ${announcement.kind}`;
    this.sending = true;
    const failed = await notify
      .executeWithOptions({ summary }, [{ cluster: file, announcement, channels }])
      .then(
        (result) => result.failed,
        () => channels.map((channel): Undelivered => ({ channel, why: 'no worker sent it', again: true })),
      );
    this.sending = false;
    settle(outbox, send, failed, Date.now(), this.last);
  }
}
