/** A look for drift as people see it: its state, and what it tells. */
import { defineQuery, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { DriftLook, DriftMemory, Finding, Keys } from '../../contracts/config-drift';
import type { Announcement } from '../../contracts/notifications';
import type { Report, Status } from '../../contracts/status';
import { driftHosts, driftSummary, driftTodos, findingText } from '../../domain/config/drift-status';
import { isEmpty } from '../../domain/config/drift-memory';
import { newStatus } from '../../domain/new-status';
import { newOutbox, outboxNotes, post } from '../../domain/outbox';
import { statusMarkdown } from '../../render/markdown';
import { dropForeign, publish } from './attributes';
import { Courier } from './courier';
import { plainly } from './plainly';

/** Sentences in one message. */
const MOST_NEWS = 10;

export class DriftRun {
  private readonly status: Status;
  private readonly outbox = newOutbox();

  /** Sets all handlers, before the first wait. */
  constructor() {
    const { workflowId: id, startTime } = workflowInfo();
    this.status = newStatus({ workflow: 'configDrift', id, startedAt: startTime.toISOString() });
    setHandler(defineQuery<Status>('status'), () => this.status, {
      description: 'How hosts are beside what they shall be',
    });
    Object.assign(this.status, { phase: 'running', summary: 'looking at hosts' });
    this.show();
    dropForeign(this.status);
  }

  failed(error: unknown): unknown {
    const plain = plainly(error);
    Object.assign(this.status, {
      phase: 'failed',
      summary: plain instanceof Error ? plain.message : String(plain),
    });
    this.status.endedAt = new Date().toISOString();
    publish(this.status);
    this.show();
    return plain;
  }

  /**
   * One message for all that is new.
   *
   * @returns false where nobody took it
   */
  async tell(look: DriftLook, news: Keys, correction: string | undefined): Promise<boolean> {
    const to = look.notifications;
    if (!to || isEmpty(news)) return true;
    const isNew = ({ host, key }: Finding) => news[host]?.includes(key) ?? false;
    // keys of thousands stand for whole hosts
    const told = look.findings.filter(isNew);
    const shown = (told.length ? told : look.findings.filter(({ host }) => news[host])).slice(0, MOST_NEWS);
    const count = Object.values(news).reduce((sum, keys) => sum + keys.length, 0);
    const { workflowId, firstExecutionRunId } = workflowInfo();
    post(this.outbox, to, {
      id: `${workflowId}/${firstExecutionRunId}#${this.outbox.next}`,
      kind: 'drift',
      at: new Date().toISOString(),
      cluster: look.cluster,
      service: look.service,
      version: look.wanted,
      change: workflowId,
      facts: {
        news: shown.map(findingText),
        more: Math.max(0, count - shown.length),
        hosts: Object.keys(look.keys).length,
        wanted: look.wanted,
        correction: correction ?? '',
      },
    } satisfies Announcement);
    const wanting = new Set(this.outbox.queue.flatMap(({ channels }) => channels));
    const courier = new Courier(() => ({ outbox: this.outbox, to, file: look.file }));
    await courier.finish();
    this.status.notes.push(...outboxNotes(this.outbox));
    return wanting.size === 0 || Object.keys(this.outbox.lost).length < wanting.size;
  }

  close(look: DriftLook, memory: DriftMemory, correction?: string): Report {
    const { cluster, service, wanted, revision, findings, moreFindings, diffs, moreDiffs, notes } = look;
    const { status } = this;
    Object.assign(status, {
      ...{ cluster, service, about: `configuration as ${wanted} has it` },
      hosts: driftHosts(look),
      leftToDo: driftTodos(look, correction),
      drift: {
        ...{ wanted, revision, findings, moreFindings, diffs, moreDiffs, memory },
        ...(correction !== undefined && { correction }),
      },
      ...{ phase: 'succeeded', summary: driftSummary(look), progress: 1 },
      endedAt: new Date().toISOString(),
    } satisfies Partial<Status>);
    status.notes.unshift(...notes);
    publish(status);
    this.show();
    const { phase, summary, leftToDo } = status;
    return { ...({ phase, summary, leftToDo } as Partial<Report>), ...status };
  }

  private show(): void {
    setCurrentDetails(statusMarkdown(this.status));
  }
}
