import { ActivityFailure, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Claim, PlannedGate, Sight, Usual, Verdict } from '../../contracts/gate';
import type { PlannedHost } from '../../contracts/plan';
import type { GateStatus } from '../../contracts/status';
import { together } from '../../domain/sight';
import { measureUsual, watchGate } from './activities';
import type { Change } from './change';
import { probesIn } from '../../domain/certificate';
import { stayHealthy } from './host-steps';

/** The gate condemned what the changed hosts do, or could not tell in its time (`hold`). */
export class GateFailed extends Error {
  constructor(
    message: string,
    readonly verdict: 'fail' | 'hold',
  ) {
    super(message);
  }
}

/** Milliseconds in which a gate with enough evidence has its verdict, after the soak. */
const AT_ONCE = 3_000;
/** Seconds of one look: what is measured reaches the history a few times in each soak, however long it is. */
const FIRST_LOOK = 2;
const LONGEST_LOOK = 3_600;
/** Gates that keep what they saw. */
const MOST_SIGHTS = 20;
/** Seconds to read where counting begins. */
const BEGINNING = 10;

/**
 * Learns how long answers take before anything is changed.
 *
 * @param hosts that serve; default: those of the change
 */
export async function learnUsual(run: Change, hosts = run.plan.intent.hosts): Promise<void> {
  const { gate, service } = run.plan.intent;
  if (!gate || run.state.usual || hosts.length === 0) return;
  run.enter('preparing', `measuring how long answers of ${service.name} take before the change`);
  const input = { change: run.ref, service, limits: gate, hosts };
  const summary = 'how long answers take before the change';
  run.state.usual = await run.interruptibly(() => usualOf(summary, input));
}

/** How long answers of hosts take; what cannot be measured is told, and fails nothing. */
export async function usualOf(summary: string, input: Parameters<typeof measureUsual>[0]): Promise<Usual> {
  try {
    return await measureUsual.executeWithOptions({ summary }, [input]);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { p95Ms: null, from: `it was not measured (${reason(error)})` };
  }
}

/**
 * The gate after a batch. It measures beside the observation, condemns at any time, and passes only when the
 * observation is over and its evidence is there.
 */
export class BatchGate {
  private readonly scope = new CancellationScope();
  private condemn: (why: GateFailed) => void = () => undefined;
  /** never resolves; rejects when the gate condemns */
  readonly failed = new Promise<never>((_, reject) => (this.condemn = reject));
  private holding = false;
  private passed = false;
  private closed = false;

  private constructor(
    private readonly run: Change,
    private readonly limits: PlannedGate,
    private readonly changed: PlannedHost[],
    private readonly name: string,
    private readonly peers: PlannedHost[] | undefined,
  ) {}

  /**
   * @param peers to compare with; default: hosts of the plan that do not carry the change
   * @returns null where the plan has no gate, or nobody carries the change
   */
  static open(run: Change, changed: PlannedHost[], name: string, peers?: PlannedHost[]): BatchGate | null {
    const { gate } = run.plan.intent;
    if (!gate || changed.length === 0) return null;
    const opened = new BatchGate(run, gate, changed, name, peers);
    // whoever waits hears of it; nobody may be waiting yet
    opened.failed.catch(() => undefined);
    run.state.tally = null;
    // of an observation before it
    run.state.control.promoted = false;
    opened.tell({ name, verdict: 'hold', text: 'it has just begun' });
    opened.scope
      .run(() => opened.measure())
      .catch((error: unknown) => {
        if (!isCancellation(error)) opened.condemn(new GateFailed(`${name}: ${String(error)}`, 'hold'));
      });
    return opened;
  }

  /** Waits for the evidence, when the observation is over; a person may promote instead. */
  async pass(phase: 'soaking' | 'watching'): Promise<void> {
    const { control } = this.run.state;
    if (control.promoted) return this.promoted();
    this.holding = true;
    const decided = () => this.passed || !!control.abort;
    await Promise.race([condition(decided, AT_ONCE), this.failed]);
    this.run.throwIfStopped();
    if (!this.passed) await this.hold(phase);
    if (this.passed) return;
    if (control.promoted) return this.promoted();
    const { holdSeconds } = this.limits;
    throw new GateFailed(
      `${this.name}: no pass within ${holdSeconds} s after the observation: ${this.status.text}`,
      'hold',
    );
  }

  private async hold(phase: 'soaking' | 'watching'): Promise<void> {
    const { holdSeconds } = this.limits;
    const what = `${this.name} holds until its evidence is there, at most ${holdSeconds} s`;
    this.run.enter(phase, what);
    await stayHealthy(this.run, this.changed, holdSeconds, what, {
      beside: this.failed,
      enough: () => this.passed,
      then: 'the change counts as failed',
      stopsWhilePaused: true,
    });
  }

  /** Measures no more. */
  close(): void {
    this.closed = true;
    this.scope.cancel();
    const { tally } = this.run.state;
    if (tally) this.run.ledger.probed(probesIn(tally));
    delete this.run.state.tally;
    const { saw, claims, ...status } = this.status;
    // what it said at its end stands in the report
    if (this.passed) this.tell({ ...status, ...(saw && { saw: { ...saw, claims } }) });
    this.run.show();
  }

  private async measure(): Promise<void> {
    const begun = Date.now();
    while (!this.closed) {
      const { tally } = this.run.state;
      const seconds = tally ? this.lookSeconds((Date.now() - begun) / 1_000) : BEGINNING;
      const holding = this.holding;
      const asked = Date.now();
      const verdict = await this.look(seconds, holding);
      if (this.closed) return;
      if (verdict === 'fail')
        return this.condemn(new GateFailed(`${this.name}: ${this.status.text}`, 'fail'));
      if (verdict === 'pass' && holding) this.passed = true;
      if (this.passed) return;
      // one that came back before its time is not asked again at once
      const early = asked + seconds * 1_000 - Date.now();
      if (early > 1_000 && (tally || !this.run.state.tally))
        await condition(() => this.holding !== holding || this.closed, early);
    }
  }

  /** Longer and longer looks, so that a week has some hundred of them; the last one of a soak ends with it. */
  private lookSeconds(elapsed: number): number {
    const usual = Math.min(LONGEST_LOOK, Math.max(FIRST_LOOK, elapsed / 4));
    const left = this.holding ? usual : ((this.run.doing.observedUntil ?? Infinity) - Date.now()) / 1_000;
    return Math.max(0.5, Math.min(usual, left));
  }

  private async look(seconds: number, endOnPass: boolean): Promise<Verdict> {
    const { run, changed, limits } = this;
    const { service, hosts } = run.plan.intent;
    const unchanged = ({ name }: PlannedHost) =>
      ['pending', 'staged', 'skipped', 'undone'].includes(run.host(name).state);
    const others = this.peers ?? hosts.filter(unchanged);
    const usual = run.state.usual ?? { p95Ms: null, from: 'it was not measured' };
    const tally = run.state.tally ?? null;
    const input = { change: run.ref, service, limits, changed, others, usual, tally, seconds, endOnPass };
    try {
      const seen = await watchGate.executeWithOptions({ summary: this.name }, [input]);
      run.state.tally = seen.tally;
      run.state.usual = seen.usual;
      const { verdict, text, claims } = seen.judgement;
      // what a balancer counts is lost when it is reloaded: at most what came since the last look
      run.ledger.look();
      if (!this.closed) this.say(verdict, text, claims, seen.saw);
      return verdict;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      if (!this.closed) this.say('hold', `it could not be measured: ${reason(error)}`);
      return 'hold';
    }
  }

  private promoted(): void {
    const by = this.run.status.messages.findLast(({ name }) => name === 'promote')?.by ?? 'somebody';
    const { verdict, text } = this.status;
    this.say('promoted', `by ${by}, when it said ${verdict}: ${text}`, this.status.claims);
  }

  private get status(): GateStatus {
    return (
      this.run.status.gates?.find(({ name }) => name === this.name) ?? {
        name: this.name,
        verdict: 'hold',
        text: '',
      }
    );
  }

  private say(verdict: GateStatus['verdict'], text: string, claims?: Claim[], now?: Sight): void {
    const { name, saw: before } = this.status;
    const saw = now ? together(before, now) : before;
    this.tell({ name, verdict, text, claims, ...(saw && { saw }) });
  }

  private tell(status: GateStatus): void {
    const others = (this.run.status.gates ?? []).filter(({ name }) => name !== this.name);
    this.run.status.gates = withNewestSight([...others, status]);
    this.run.show();
  }
}

/** Hosts that come in one after the other have many gates, and a run carries them all along. */
function withNewestSight(gates: GateStatus[]): GateStatus[] {
  return gates.map(({ saw, ...gate }, nth) =>
    saw && nth >= gates.length - MOST_SIGHTS ? { ...gate, saw } : gate,
  );
}

function reason(error: ActivityFailure): string {
  return error.cause?.message ?? error.message;
}
