import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import type { Activities } from '../../src/activities';
import type { GateInput } from '../../src/activities/measure';
import type { Sight, Tally, Verdict } from '../../src/contracts/gate';
import type { Capacity } from '../../src/contracts/cluster';
import type { Looked } from '../../src/contracts/certificate';
import type { Gate } from '../../src/contracts/inputs/gate';
import type { BalancerNews, KeptPlace } from '../../src/contracts/balancer-truth';
import type { HealthWatchInput } from '../../src/contracts/inputs/health-watch';
import type { Watched } from '../../src/contracts/health-watch';
import { leaseActivities } from '../../src/activities/lease';
import { searchActivities } from '../../src/activities/search';
import type { Worlds } from '../../src/activities/world';
import { leaseId } from '../../src/contracts/lease';
import type { RollingUpgradeInput } from '../../src/contracts/inputs/rolling-upgrade';
import type { Announcement, PlannedNotifications, Undelivered } from '../../src/contracts/notifications';
import type { Plan, PlannedConfig, UpgradeIntent } from '../../src/contracts/plan';
import type { Stable } from '../../src/contracts/stable';
import { EmergencyRollbackInput } from '../../src/contracts/inputs/emergency-rollback';
import type { Report, Status } from '../../src/contracts/status';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';
import { digestOf } from '../../src/domain/plan-hash';
import { planRunOnce } from '../../src/domain/run-once';
import { planBatches } from '../../src/domain/batches';
import { withShares } from '../../src/domain/shares';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import type { rollingUpgrade } from '../../src/workflows';
import { statusQuery } from '../../src/workflows/steps/change';
import type { OwnLogs, PlannedBackup } from '../../src/contracts/backup-run';
import { FakeService, nodeActivities, plannedGate } from './fake-nodes';
import { findTestServer } from '../../lab/temporal/test-server';
import { BUILT } from '../built';
import { backupActivities, backupPlan } from './fake-backups';
import { driftLook } from './fake-drift';
import { recoveryActivities } from './fake-recovery';
import type { Looked as LookedAt } from '../../src/contracts/recovery';
import type { DriftLook } from '../../src/contracts/config-drift';
import { configPlan, foundReleases, newFiles } from './fake-config';
import { rollbackPlan } from './fake-rollback';
import type { Aim } from '../../src/activities/plan/emergency-rollback';
import { looksOn } from './looks-on';
import { closuresOf, maintenanceOf, pageOf } from './maintenance';

/**
 * When activities that look on in reality look again here. The test server skips time only while no activity runs, and
 * never again once a run has ended in the moment in which another attempt began: so none of these times is a multiple or
 * a divisor of a time that workflows wait for. A lease goes on as another run after a day. Runs are looked at less and
 * less often: each look takes real time, and a soak has weeks.
 */
const LOOKS_AGAIN = {
  atBalancers: '40h',
  atHosts: '37h',
  atRuns: (attempt: number) => `${Math.ceil(613 * 1.3 ** Math.min(attempt - 1, 13))}s` as const,
};

/** An input in which a gate may be given in part. */
export type FakeInput = Partial<Omit<RollingUpgradeInput, 'gate'>> & { gate?: Partial<Gate> };

/** A cluster that exists in memory only: what the activities would do to real hosts is written down here. */
export class FakeCluster {
  readonly journal: string[] = [];
  readonly versions: Record<string, string> = {};
  /** by host, the state of its configuration files */
  readonly configs: Record<string, string> = {};
  /** by host, the label of what it has before a change */
  readonly known: Record<string, string> = {};
  /** what hosts get before they come in */
  filesFirst: PlannedConfig | undefined;
  /** on which files are tried first; it is out */
  testHost: string | undefined;
  /** hosts that serve on while their files are switched */
  inPlace: string[] = [];
  /** tags of its configuration, newest first */
  releases: string[] = [];
  /** what looks for drift see, one after the other; the last one again and again */
  readonly drifts: DriftLook[] = [];
  /** plans of backups, one after the other; the last one again and again */
  backups: PlannedBackup[] = [backupPlan()];
  /** what looks at the catalogue find, one after the other; the last one again and again */
  silences: string[][] = [];
  /** what changes find missing of the backups that they want, one after the other; then nothing */
  stale: string[][] = [];
  /** what a drill finds */
  wrong: string[] = [];
  /** what looks for damage find, one after the other; the last one again and again */
  damage: LookedAt[][] = [[]];
  /** ids of backups that are not what they say */
  spoilt: string[] = [];
  ownLogs: OwnLogs | undefined;
  /** packages that cannot be had */
  nowhere: string[] = [];
  package?: string;
  /** by host and label */
  private readonly labels: Record<string, string> = {};
  readonly out = new Set<string>();
  mostOut = 0;
  /** what to do instead of a step: `switchRelease n2` → throw, wait, … */
  readonly trouble: Record<string, (() => Promise<void> | void) | undefined> = {};
  planned = 0;
  /** that outlive the drain's deadline */
  sessions = 0;
  /** what the gate says at each look after its beginning; the last one again and again */
  verdicts: Verdict[] = ['pass'];
  /** what gates see in each look; undefined: those of an earlier release, which do not say */
  sees: ((nth: number) => Sight) | undefined;
  /** what the looks of gates were asked for */
  readonly looks: GateInput[] = [];
  /** epochs for which others were locked out, with the holder */
  readonly fences: { epoch: number; holder: string }[] = [];
  /** the end of a run is seen at once; for tests that skip no time */
  watchesAlways = false;
  /** whom its changes tell */
  notifications: PlannedNotifications | undefined;
  /** what was sent: `channel kind`, with the announcement */
  readonly told: { line: string; announcement: Announcement }[] = [];
  /** channels that take nothing */
  readonly deaf: Record<string, { why: string; again: boolean } | undefined> = {};
  /** hosts that can only be kept out, and why */
  readonly unfit: Record<string, string> = {};
  /** of a rollback that names no release, and what the upgrade that gives way to it closes */
  aim: Aim = { version: '1.0.0' };
  /** releases that have proven themselves, as they were written down */
  readonly stable: string[] = [];
  /** what plans know of them; undefined: they are of a release that did not */
  proven: Stable[] | undefined;
  /** its hosts, as they go out of service and come back into it */
  readonly service = new FakeService();
  /** where looks of gates take as long as they were asked to, and how they judge */
  judgeAs: ((input: GateInput) => Verdict) | undefined;
  /** who is found when a lease was lost */
  found: Awaited<ReturnType<Activities['findHolders']>> = { running: [], cut: [] };

  /** why the others cannot do without a host; only where the plan has a capacity */
  room: (host: string, away: string[]) => string | null = () => null;
  capacity: Capacity | undefined;

  /** what its balancer has counted, at each look */
  counters: () => Looked[] = () => [];

  /** what its balancers keep, when they are looked at; null: they give no answer */
  kept: KeptPlace[] | null = [];
  /** what is to be told of its balancers, one after the other */
  readonly news: BalancerNews[] = [];
  /** what a health watch sees, one news after the other */
  readonly watched: Watched[] = [];
  /** how often there was a look at its balancers: by those who look on, and at once */
  readonly balancerLooks = { on: 0, once: 0 };

  constructor(
    readonly hosts = ['n1', 'n2', 'n3'],
    readonly name = 'fake',
  ) {
    for (const host of hosts) this.versions[host] = '1.0.0';
  }

  /** hosts that serve nobody, for blue/green */
  idle: string[] = [];
  balancers = ['edge'];
  /** by balancer, who got its requests last by a switch */
  readonly serving: Record<string, string[]> = {};

  /** what keeps its hosts from being changed */
  unready: Plan['unready'];

  plan(input: FakeInput): Plan<UpgradeIntent> {
    const blueGreen = input.strategy === 'blueGreen';
    const order = [...this.idle, ...this.hosts.filter((name) => !this.idle.includes(name))];
    const planned = blueGreen
      ? { batches: [{ adds: this.idle }] }
      : planBatches(input.batches ?? [1, '100%'], this.hosts);
    const full = Object.fromEntries(this.hosts.map((name) => [name, { edge: 100 }]));
    const { batches } = withShares(planned.batches, full, 100 * this.hosts.length, {
      testers: input.testers ?? false,
      out: 1,
    });
    const settings: UpgradeIntent['settings'] = {
      drain: input.drain ?? { deadlineSeconds: 300, onDeadline: 'putBack' },
      minHealthySeconds: input.minHealthySeconds ?? 10,
      soakSeconds: input.soakSeconds ?? 7_200,
      watchSeconds: input.watchSeconds ?? 3_600,
      approvals: input.approvals ?? [],
      onFailure: input.onFailure ?? 'undo',
      personDeadlineHours: input.personDeadlineHours ?? 72,
      unreachableSeconds: input.unreachableSeconds ?? 120,
      failureBudget: Number(input.failureBudget ?? 0),
      progressDeadlineSeconds: input.progressDeadlineSeconds ?? 600,
    };
    const intent: UpgradeIntent = {
      workflow: 'rollingUpgrade',
      cluster: { name: this.name, file: 'fake.yaml', digest: `${this.planned}`.padStart(64, '0') },
      service: {
        name: 'web',
        unit: 'web.service',
        port: 8080,
        release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
        health: { path: '/health', timeoutSeconds: 2 },
        limits: { switchSeconds: 120, healthySeconds: 60, freeMiB: 64, keepReleases: 5 },
      },
      version: input.version ?? '2.0.0',
      artifact: { source: { file: 'web.tar.gz' }, sha256: 'a'.repeat(64), size: 1 },
      previousArtifact: null,
      ...(input.config && { config: newFiles(this.hosts) }),
      hosts: order.map((name) => ({
        name,
        places: this.balancers.map((balancer) => ({ balancer, backend: 'web', server: name })),
      })),
      batches,
      ...(blueGreen && { blueGreen: { warmSeconds: 600, stopOld: false, ...input.blueGreen } }),
      maxUnavailable: Number(input.maxUnavailable ?? 1),
      steps: [],
      ...(input.testers && { testers: true }),
      ...(input.backups && { backups: input.backups.map((one) => ({ ...one, hosts: ['db1', 'db2'] })) }),
      ...(input.prepare && { prepare: input.prepare }),
      checks: [],
      gate: plannedGate(input.gate),
      certificate: { counts: ['edge'], blind: [] },
      ...(this.capacity && { capacity: this.capacity }),
      ...(this.notifications && { notifications: this.notifications }),
      ...(input.maintenance && {
        closures: closuresOf(this.hosts),
        page: pageOf(input.maintenance.content),
        closedMinutes: input.maintenance.minutes,
      }),
      runOnce: planRunOnce(input.runOnce ?? [], this.hosts, this.hosts).steps,
      settings,
    };
    const hosts = Object.fromEntries(
      this.hosts.map((name) => [
        name,
        {
          version: this.versions[name] ?? '',
          ...(this.known[name] && { config: this.known[name] }),
          ...(blueGreen && { active: this.service.stopped.has(name) ? 'inactive' : 'active' }),
          traffic: Object.fromEntries(
            this.balancers.map((balancer) => [
              balancer,
              {
                state: this.idle.includes(name) ? ('out' as const) : ('in' as const),
                weight: 100,
                sessions: 0,
              },
            ]),
          ),
          freeMiB: 1_000,
        },
      ]),
    );
    return {
      format: 2,
      intent,
      hash: digestOf(intent),
      ...(this.unready && { unready: this.unready }),
      observed: { at: '2026-01-01T00:00:00Z', hosts, ...(this.proven && { stable: this.proven }) },
      notes: [],
    };
  }

  async step(name: string, host: string): Promise<void> {
    await this.trouble[`${name} ${host}`]?.();
    this.journal.push(`${name} ${host}`);
  }

  /** The real one looks on without end. */
  private async lookOn(): Promise<BalancerNews> {
    this.balancerLooks.on += 1;
    for (;;) {
      const news = this.news.shift();
      if (news) return news;
      if (!this.watchesAlways) looksOn(LOOKS_AGAIN.atBalancers);
      await Context.current().sleep(25);
    }
  }

  activities(): Activities {
    const traffic = (state: 'in' | 'out') => ({ edge: { state, weight: 100, sessions: 0 } });
    return {
      planRollingUpgrade: async (raw) => {
        await this.trouble['plan']?.();
        return {
          plan: this.plan(raw as FakeInput),
          dryRun: (raw as { dryRun?: boolean }).dryRun === true,
        };
      },
      planConfigCanary: async (raw) => {
        await this.trouble['plan']?.();
        const input = raw as FakeInput;
        return { plan: configPlan(this, input), dryRun: input.dryRun ?? false };
      },
      findReleases: async (asked) => {
        await this.trouble['find']?.();
        return foundReleases(this, asked);
      },
      ...nodeActivities(this),
      ...backupActivities(this),
      ...recoveryActivities(this),
      ...maintenanceOf(this),
      planEmergencyRollback: async ({ input, before = this.aim }) => {
        await this.trouble['plan']?.();
        return { plan: rollbackPlan(this, EmergencyRollbackInput.parse(input), before), dryRun: false };
      },
      steerTesters: ({ host }) => this.step('test users to', host?.name ?? 'all'),
      noteStable: async ({ stable: { version, change, config }, forget }) => {
        await this.trouble['note stable']?.();
        const what = config === undefined ? version : `${version} with ${config.replace(/-.*/, '')}`;
        const gone = forget.length ? `, not ${forget.join(', ')}` : '';
        this.stable.push(`${what} by ${change === null ? 'nobody' : 'a change'}${gone}`);
      },
      examineCluster: async () => {
        await this.trouble['examine']?.();
        return { at: new Date().toISOString(), looked: [`${this.hosts.length} hosts`], findings: [] };
      },
      notify: async ({ announcement, channels }) => {
        const failed: Undelivered[] = [];
        for (const channel of channels) {
          await this.trouble[`tell ${channel}`]?.();
          const trouble = this.deaf[channel];
          if (trouble) failed.push({ channel, ...trouble });
          else this.told.push({ line: `${channel} ${announcement.kind}`, announcement });
        }
        return { failed };
      },
      testChannels: async () => {
        await this.trouble['test channels']?.();
        const answers = [{ channel: 'ops', kind: 'slack' as const, delivered: true, says: 'ok' }];
        return { at: new Date().toISOString(), answers };
      },
      lookAtHosts: ({ hosts }) =>
        Promise.resolve(
          hosts.map(({ name }) => ({
            name,
            version: this.versions[name] ?? '',
            balancers: traffic(this.out.has(name) ? 'out' : 'in'),
          })),
        ),
      stageRelease: ({ host }) => this.step('stage', host.name),
      takeOut: async ({ host, force }) => {
        await this.step('takeOut', host.name);
        if (this.sessions && !force) return { out: false, sessions: this.sessions, traffic: traffic('out') };
        this.out.add(host.name);
        this.mostOut = Math.max(this.mostOut, this.out.size);
        return { out: true, sessions: this.sessions, traffic: traffic('out') };
      },
      switchRelease: async ({ host, version, round, config }) => {
        await this.step('switchRelease', host.name);
        if (!this.out.has(host.name))
          throw ApplicationFailure.nonRetryable(`${host.name} is in rotation`, 'Failed');
        this.journal.push(`${host.name} runs ${version} round ${round}`);
        this.versions[host.name] = version;
        if (config)
          this.configs[host.name] = this.labels[`${host.name} ${config.revision}`] ?? config.revision;
        return { reattached: false };
      },
      runCommand: async ({ host, step, command }) => {
        await this.step(`${step} on`, host);
        this.journal.push(command.join(' '));
        return { reattached: false };
      },
      stageConfig: async ({ host, config, before }) => {
        await this.step('stageConfig', host.name);
        this.labels[`${host.name} ${before}`] ??= this.configs[host.name] ?? 'none';
        this.labels[`${host.name} ${config.revision}`] = config.states[host.name]!;
      },
      keepConfig: async ({ hosts, config }) => {
        for (const host of hosts) await this.step(`keepConfig ${config.revision}`, host);
      },
      switchConfig: async ({ host, config, round, inPlace }) => {
        await this.step('switchConfig', host.name);
        if (!this.out.has(host.name) && !(inPlace && this.inPlace.includes(host.name)))
          throw ApplicationFailure.nonRetryable(`${host.name} is in rotation`, 'Failed');
        const state = this.labels[`${host.name} ${config.revision}`]!;
        this.journal.push(`${host.name} has ${state} round ${round}`);
        this.configs[host.name] = state;
        return { reattached: false };
      },
      proveServed: ({ host }) => this.step('proveServed', host.name),
      findDrift: async () => {
        await this.trouble['find drift']?.();
        const look = this.drifts.length > 1 ? this.drifts.shift() : this.drifts[0];
        return { ...(look ?? driftLook([])), ...told(this) };
      },
      proveHealthy: async ({ host, inPlace }) => {
        await this.step('proveHealthy', host.name);
        if (!this.out.has(host.name) && !inPlace)
          throw ApplicationFailure.nonRetryable(`${host.name} is in rotation`, 'Failed');
      },
      putBack: async ({ host }) => {
        await this.step('putBack', host.name);
        this.out.delete(host.name);
        return { traffic: traffic('in') };
      },
      switchTraffic: async ({ balancer, to, from }) => {
        const names = to.map(({ host }) => host.name);
        await this.step('switch', `${balancer} to ${names.join(', ')}`);
        this.serving[balancer] = names;
        for (const name of names) this.out.delete(name);
        const facts = (state: 'in' | 'draining') => ({ state, weight: 100, sessions: 0 });
        const traffic = Object.fromEntries([
          ...names.map((name) => [name, facts('in')] as const),
          ...from.map(({ name }) => [name, facts('draining')] as const),
        ]);
        return { traffic, left: [] };
      },
      confirmHealthy: async ({ hosts }) => {
        for (const { name } of hosts) await this.trouble[`confirm ${name}`]?.();
      },
      measureUsual: async () => {
        await this.trouble['usual']?.();
        return { p95Ms: 20, from: 'before the change' };
      },
      watchGate: async (input) => {
        if (this.judgeAs) await took(input.seconds);
        const nth = this.looks.push(input) - 1;
        await this.trouble[`gate ${nth}`]?.();
        const tally = input.tally ?? newTally(nth);
        const { usual } = input;
        if (!input.tally) return { tally, usual, judgement: { verdict: 'hold', text: 'begun', claims: [] } };
        const verdict =
          this.judgeAs?.(input) ?? (this.verdicts.length > 1 ? this.verdicts.shift()! : this.verdicts[0]!);
        const text = `${verdict} at look ${nth}`;
        const claims = this.sees ? [{ name: 'errors', verdict, text }] : [];
        return { tally, usual, judgement: { verdict, text, claims }, saw: this.sees?.(nth) };
      },
      watchHosts: async ({ hosts }) => {
        for (const { name } of hosts) await this.trouble[`watch ${name}`]?.();
        if (Context.current().info.attempt === 1) looksOn(LOOKS_AGAIN.atHosts);
      },
      roomForLoad: async ({ who, away }) => {
        await this.trouble[`room ${who}`]?.();
        return this.room(who, away);
      },
      readCounters: async () => {
        await this.trouble['counters']?.();
        return this.counters();
      },
      raiseFences: ({ change, holder }) => {
        this.fences.push({ epoch: change.epoch, holder });
        return Promise.resolve({ unreached: [] });
      },
      keepBalancers: () => this.lookOn(),
      lookAtBalancers: () => {
        this.balancerLooks.once += 1;
        return Promise.resolve({ kept: this.kept, findings: [], repaired: [] });
      },
      handBack: ({ host }) => {
        const places = (this.kept ?? []).filter((place) => place.host === host);
        this.kept = (this.kept ?? []).filter((place) => place.host !== host);
        return Promise.resolve(places);
      },
      planHealthWatch: (raw) => {
        const { service = 'web', dryRun = false, onUnhealthy = 'eject' } = raw as Partial<HealthWatchInput>;
        const policy = {
          intervalSeconds: 30,
          failures: 3,
          passes: 3,
          onUnhealthy,
          floor: 2,
        };
        const { name: cluster, hosts, notifications } = this;
        return Promise.resolve({
          ...{ cluster, file: 'fake.yaml', service, hosts, policy, dryRun, notes: [] },
          ...(notifications && { notifications }),
        });
      },
      watchService: async ({ memory }) => {
        for (;;) {
          const seen = this.watched.shift();
          if (seen) return seen;
          if (this.watchesAlways) await Context.current().sleep(25);
          // as the real one, after half a day without news
          else if (Context.current().info.attempt > 1) return { memory, news: [], looked: [] };
          else looksOn('12h');
        }
      },
      findHolders: () => Promise.resolve(this.found),
      lookAround: ({ hosts }) =>
        Promise.resolve(
          hosts.map((host) => ({
            service: 'web',
            unit: 'web.service',
            host,
            version: this.versions[host] ?? '',
            balancers: traffic(this.out.has(host) ? 'out' : 'in'),
          })),
        ),
      ...toTemporal,
      watchRun: this.watchesAlways ? toTemporal.watchRun : looksNowAndThen,
    };
  }
}

const told = ({ notifications }: FakeCluster) => (notifications ? { notifications } : {});

/**
 * Lets the test server's time pass: one that comes back at once may end in the moment in which it is cancelled, and the
 * server refuses that workflow task for ever.
 */
function took(seconds: number): Promise<void> {
  if (Context.current().info.attempt > 1) return Promise.resolve();
  return looksOn(`${Math.ceil(seconds * 1_000)}ms`);
}

/** @param begunAt tells tallies apart */
function newTally(begunAt: number): Tally {
  const none = { samples: 0, buckets: [] };
  return { begunAt, servers: {}, probes: { changed: none, others: none }, usage: {}, outside: {} };
}
/** Leases and changes are real; they find each other through the server of the test. */
const toTemporal = {
  ...leaseActivities(),
  readState: searchActivities({} as Worlds).readState,
};

/** The real one looks on without end. */
const looksNowAndThen: Activities['watchRun'] = async ({ id }) => {
  const { client, info } = Context.current();
  const { status } = await client.workflow.getHandle(id).describe();
  if (status.name === 'RUNNING')
    throw ApplicationFailure.create({
      message: `${id} runs`,
      nextRetryDelay: LOOKS_AGAIN.atRuns(info.attempt),
    });
  return toTemporal.watchRun({ id });
};

export const fails = (type: string, message: string, details?: object) => () => {
  throw ApplicationFailure.nonRetryable(message, type, details);
};

const payloadConverterPath = require.resolve('../../src/temporal/payload-converter');

type Upgrade = WorkflowHandle<typeof rollingUpgrade>;

/** Runs that share a cluster and a worker. */
export interface Company {
  cluster: FakeCluster;
  taskQueue: string;
  /** @param more what makes this change another one than the rest */
  start(input: object, more?: { version?: string }, type?: string): Promise<Upgrade>;
  handleOf(id: string): Upgrade;
  lease: Upgrade;
}

export interface End {
  /** `succeeded`, `planned`, or the type of the failure */
  end: string;
  report: Report;
  message: string;
}

export async function endOf(handle: Upgrade): Promise<End> {
  try {
    const report = await handle.result();
    return { end: report.phase, report, message: report.summary };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
    const { type, message, details } = error.cause;
    return { end: type ?? '', report: details?.[details.length - 1] as Report, message };
  }
}

/** A server that skips time, and one worker, for whatever cluster a test has made up. */
export class Harness {
  private readonly taskQueue = randomUUID();
  /** whose activities are done now */
  private acting = new FakeCluster().activities();
  private working: Promise<void> = Promise.resolve();
  private worker: Worker | undefined;
  private started: Upgrade[] = [];

  private constructor(readonly env: TestWorkflowEnvironment) {}

  /**
   * @param workflowsPath where there are more of them than the real ones
   * @param forgetful each step is that of a worker which has just started, and knows nothing but histories
   */
  static async start(workflowsPath?: string, forgetful = false): Promise<Harness> {
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger });
    const env = await skippingServer(await findTestServer());
    const types = { Keyword: 2, KeywordList: 7, Double: 4 } as const;
    await env.connection.operatorService
      .addSearchAttributes({
        namespace: 'default',
        searchAttributes: Object.fromEntries(
          Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, types[type]]),
        ),
      })
      .catch(() => undefined);
    const harness = new Harness(env);
    const bundle = workflowsPath
      ? await bundleWorkflowCode({ payloadConverterPath, workflowsPath, logger })
      : BUILT;
    await harness.work(bundle, forgetful);
    return harness;
  }

  private async work(workflowBundle: WorkflowBundleOption, forgetful: boolean): Promise<void> {
    type Any = Record<string, (...args: unknown[]) => unknown>;
    const names = Object.keys(this.acting);
    this.worker = await Worker.create({
      connection: this.env.nativeConnection,
      taskQueue: this.taskQueue,
      workflowBundle,
      activities: Object.fromEntries(
        names.map((name) => [name, (...args: unknown[]) => (this.acting as unknown as Any)[name]!(...args)]),
      ),
      interceptors: { activity: [activityInterceptor] },
      dataConverter: { payloadConverterPath },
      ...(forgetful && { maxCachedWorkflows: 0 }),
    });
    this.working = this.worker.run();
  }

  /** Runs a change; `during` talks to it meanwhile. */
  async run(
    cluster: FakeCluster,
    input: FakeInput | Record<string, unknown>,
    during: (handle: Upgrade) => Promise<unknown> = () => Promise.resolve(),
    type = 'rollingUpgrade',
  ): Promise<End> {
    return this.with(cluster, async ({ start }) => {
      const handle = await start(input, {}, type);
      await during(handle);
      return endOf(handle);
    });
  }

  /** Several runs, which are over when `work` is. */
  async with<T>(cluster: FakeCluster, work: (company: Company) => Promise<T>): Promise<T> {
    const { taskQueue } = this;
    const { client } = this.env;
    this.acting = cluster.activities();
    const handleOf = (id: string) => client.workflow.getHandle<typeof rollingUpgrade>(id);
    await this.endWhatIsLeft();
    const lease = handleOf(leaseId(cluster.name));
    const started = (this.started = [lease]);
    const start = async (input: object, more?: { version?: string }, type = 'rollingUpgrade') => {
      const options = {
        taskQueue,
        workflowId: `upgrade-${randomUUID()}`,
        args: [{ ...input, ...more }] as [object],
      };
      const handle = await client.workflow.start<typeof rollingUpgrade>(type, options);
      started.push(handle);
      return handle;
    };
    try {
      const result = await work({ cluster, taskQueue, start, handleOf, lease });
      started.length = 0;
      await this.leaseIsOver(cluster);
      return result;
    } catch (error) {
      await this.endWhatIsLeft();
      throw error;
    }
  }

  /** What a test that failed, or was given up by its time limit, left at work would act on the next one's cluster. */
  private async endWhatIsLeft(): Promise<void> {
    for (const handle of this.started.splice(0)) await handle.terminate().catch(() => undefined);
  }

  /**
   * It ends by itself; one that was left to itself would keep the server from skipping time. The test server does not
   * take a cancellation of an activity that has just ended, and refuses the same workflow task for ever: only such a
   * lease is ended by hand.
   */
  async leaseIsOver({ name }: FakeCluster): Promise<void> {
    const lease = this.env.client.workflow.getHandle(leaseId(name));
    const ended = lease.result().then(
      () => true,
      () => true,
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, 15_000, false)));
    const over = await Promise.race([ended, late]);
    clearTimeout(timer);
    if (over) return;
    const { events } = await lease.fetchHistory();
    const refused = events?.findLast(({ workflowTaskFailedEventAttributes: it }) => it)
      ?.workflowTaskFailedEventAttributes?.failure?.message;
    if (refused === undefined) throw new Error(`the lease of ${name} does not end`);
    console.warn(`the lease of ${name} is ended by hand, its task is refused: ${refused}`);
    await lease.terminate();
  }

  async stop(): Promise<void> {
    this.worker?.shutdown();
    await this.working;
    await this.env.teardown();
  }
}

/** The SDK gives a server few seconds to start, which Java alone may need on a busy machine. */
async function skippingServer(path: string, attempts = 3): Promise<TestWorkflowEnvironment> {
  const server = { executable: { type: 'existing-path' as const, path } };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({ server });
    } catch (error) {
      if (attempt === attempts) throw error;
      console.warn(`the test server is started again: ${String(error)}`);
    }
  }
}

/** Waits in real time until the status is as wanted: 20 s, for a busy machine. */
export async function until(
  handle: WorkflowHandle<typeof rollingUpgrade>,
  reached: (status: Status) => boolean,
): Promise<Status> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const status = await handle.query(statusQuery).catch(() => null);
    if (status && reached(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not reached: ${JSON.stringify(await handle.query(statusQuery))}`);
}
