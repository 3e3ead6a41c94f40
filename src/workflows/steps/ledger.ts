/**
 * What clients lose while a change is at work. Balancers are looked at beside its steps, whenever a host comes from one to
 * the next, one look at a time: nothing waits for it but the end, and nothing of it can fail a change.
 */
import { ActivityFailure, CancellationScope } from '@temporalio/workflow';
import type { Certificate } from '../../contracts/certificate';
import type { HostState } from '../../contracts/status';
import type { ChangeRef } from '../../activities/attempt';
import { certificateOf, newAccount, reckon, whileText } from '../../domain/certificate';
import { readCounters } from './activities';
import type { Doing } from './doing';
import type { ChangeState } from './state';

/** What went on until a look, as it was when the look was asked for. */
interface Until {
  /** hosts that have gone on to another state since */
  states: Record<string, HostState>;
  whatWent: string;
}

/** What is needed of a change. */
interface Counting {
  readonly state: ChangeState;
  readonly doing: Doing;
  readonly ref: ChangeRef;
  show(): void;
}

export class Ledger {
  private working: Promise<void> | undefined;
  private wanted: Until | undefined;

  constructor(private readonly run: Counting) {}

  /** Looks soon. @param was a host that is about to leave this state */
  look(was?: { host: string; state: HostState }): void {
    if (!this.run.state.plan?.intent.certificate) return;
    const whatWent = this.wanted?.whatWent ?? this.whatGoesOn();
    const states = { ...(was && { [was.host]: was.state }), ...this.wanted?.states };
    this.wanted = { states, whatWent };
    this.working ??= CancellationScope.nonCancellable(() => this.work());
  }

  /** The last look. A change that never began to count has nothing to tell. */
  async finish(): Promise<void> {
    await this.working;
    if (this.run.state.account) this.look();
    await this.working;
  }

  /** Before the run goes on as another one, which counts on from there. */
  async rest(): Promise<void> {
    await this.working;
  }

  /** Own probes are about hosts, not about clients: they are told beside. */
  probed({ asked, failed }: Certificate['probes']): void {
    const { account } = this.run.state;
    if (!account) return;
    account.probes.asked += asked;
    account.probes.failed += failed;
  }

  private async work(): Promise<void> {
    for (let until = this.wanted; until; until = this.wanted) {
      this.wanted = undefined;
      await this.lookNow(until);
    }
    this.working = undefined;
  }

  private async lookNow({ states, whatWent }: Until): Promise<void> {
    const { run } = this;
    const { certificate, service, ramp, hosts } = run.state.plan!.intent;
    const account = (run.state.account ??= newAccount(Date.now()));
    const also = ramp ? hosts.map(({ name }) => name) : [];
    const summary = `what balancers have counted of ${service.name}`;
    const looks = certificate!.counts.length
      ? await readCounters
          .executeWithOptions({ summary }, [{ change: run.ref, service: { name: service.name }, also }])
          .catch((error: unknown) => this.nothingSeen(error))
      : [];
    const stateOf = (host: string) => states[host] ?? this.stateNow(host);
    run.state.account = reckon(account, looks, { at: Date.now(), stateOf, whatWent });
    run.state.status.certificate = certificateOf(run.state.account, certificate!);
    run.show();
  }

  private nothingSeen(error: unknown) {
    if (!(error instanceof ActivityFailure)) throw error;
    const why = error.cause?.message ?? error.message;
    const names = this.run.state.plan?.intent.certificate?.counts ?? [];
    return names.map((balancer) => ({ balancer, backend: '', known: false as const, why }));
  }

  private stateNow(name: string): HostState {
    return this.run.state.status.hosts.find((host) => host.name === name)?.state ?? 'pending';
  }

  private whatGoesOn(): string {
    const { doing, state } = this.run;
    const { status } = state;
    if (state.closed) return 'while it was closed, pages among them';
    const [first, ...more] = status.hosts.filter(({ name }) => doing.inFlight.has(name));
    if (first && more.length === 0) return whileText(first.state, first.name);
    if (first) return `while ${more.length + 1} hosts were worked on`;
    return ['soaking', 'watching'].includes(status.phase) ? 'while hosts were observed' : 'between hosts';
  }
}
