/** A run that holds nobody up and that nobody steers: its state as people see it, and what it tells them. */
import { defineQuery, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Announcement, PlannedNotifications } from '../../contracts/notifications';
import type { Phase, Report, Status } from '../../contracts/status';
import { newStatus } from '../../domain/new-status';
import { newOutbox, outboxNotes, post } from '../../domain/outbox';
import { happened } from '../../domain/timeline';
import { statusMarkdown } from '../../render/markdown';
import { dropForeign, publish } from './attributes';
import { Courier } from './courier';
import { plainly } from './plainly';

export class TaskRun {
  readonly status: Status;
  private readonly outbox = newOutbox();

  /**
   * Sets all handlers, before the first wait.
   *
   * @param shows what its status is about, in words
   */
  constructor(workflow: string, shows: string, summary: string) {
    const { workflowId: id, startTime } = workflowInfo();
    this.status = newStatus({ workflow, id, startedAt: startTime.toISOString() });
    setHandler(defineQuery<Status>('status'), () => this.status, { description: shows });
    Object.assign(this.status, { phase: 'running', summary });
    this.show();
    dropForeign(this.status);
  }

  /** @returns the failure as lists show it; its details are the report */
  failed(error: unknown): unknown {
    const plain = plainly(error);
    this.end('failed', plain instanceof Error ? plain.message : String(plain));
    return plain;
  }

  /** What goes on, for whoever looks. */
  says(summary: string): void {
    if (this.status.summary === summary) return;
    this.status.summary = summary;
    this.show();
  }

  /** What people find in its report when all is over. */
  happened(what: string): void {
    happened(this.status, new Date().toISOString(), what);
  }

  /**
   * Brings one message to people, or finds that nobody takes it.
   *
   * @param file path of the cluster file
   * @returns false where nobody took it
   */
  async tell(
    to: PlannedNotifications | undefined,
    file: string,
    message: Pick<Announcement, 'kind' | 'facts'>,
    about: Pick<Announcement, 'cluster' | 'service' | 'version'>,
  ): Promise<boolean> {
    if (!to) return true;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    post(this.outbox, to, {
      id: `${workflowId}/${firstExecutionRunId}#${this.outbox.next}`,
      at: new Date().toISOString(),
      change: workflowId,
      ...about,
      ...message,
    } as Announcement);
    const wanting = new Set(this.outbox.queue.flatMap(({ channels }) => channels));
    const courier = new Courier(() => ({ outbox: this.outbox, to, file }));
    await courier.finish();
    this.status.notes.push(...outboxNotes(this.outbox));
    return wanting.size === 0 || Object.keys(this.outbox.lost).length < wanting.size;
  }

  end(phase: Phase, summary: string): Report {
    Object.assign(this.status, { phase, summary, endedAt: new Date().toISOString() });
    publish(this.status);
    this.show();
    const { status } = this;
    return { ...({ phase, summary, leftToDo: status.leftToDo } as Partial<Report>), ...status };
  }

  show(): void {
    setCurrentDetails(statusMarkdown(this.status));
  }
}
