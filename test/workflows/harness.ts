import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Activities } from '../../src/activities';
import type { GateInput } from '../../src/activities/measure';
import type { PlannedGate, Tally, Verdict } from '../../src/contracts/gate';
import { Gate } from '../../src/contracts/inputs/gate';
import type { RollingUpgradeInput } from '../../src/contracts/inputs/rolling-upgrade';
import type { Plan } from '../../src/contracts/plan';
import type { Report, Status } from '../../src/contracts/status';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes';
import { digestOf } from '../../src/domain/plan-hash';
import { planRunOnce } from '../../src/domain/run-once';
import { planBatches } from '../../src/domain/batches';
import { rollingUpgrade } from '../../src/workflows';
import { statusQuery } from '../../src/workflows/steps/change';
import { findTestServer } from '../../lab/temporal/test-server';

/** An input in which a gate may be given in part. */
export type FakeInput = Partial<Omit<RollingUpgradeInput, 'gate'>> & { gate?: Partial<Gate> };

/** A cluster that exists in memory only: what the activities would do to real hosts is written down here. */
export class FakeCluster {
  readonly journal: string[] = [];
  readonly versions: Record<string, string> = {};
  readonly out = new Set<string>();
  mostOut = 0;
  /** what to do instead of a step: `switchRelease n2` → throw, wait, … */
  readonly trouble: Record<string, (() => Promise<void> | void) | undefined> = {};
  planned = 0;
  /** that outlive the drain's deadline */
  sessions = 0;
  /** what the gate says at each look after its beginning; the last one again and again */
  verdicts: Verdict[] = ['pass'];
  /** what the looks of gates were asked for */
  readonly looks: GateInput[] = [];

  constructor(readonly hosts = ['n1', 'n2', 'n3']) {
    for (const host of hosts) this.versions[host] = '1.0.0';
  }

  plan(input: FakeInput): Plan {
    const { batches } = planBatches(input.batches ?? [1, '100%'], this.hosts);
    const settings: Plan['intent']['settings'] = {
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
    const intent: Plan['intent'] = {
      workflow: 'rollingUpgrade',
      cluster: { name: 'fake', file: 'fake.yaml', digest: `${this.planned}`.padStart(64, '0') },
      service: {
        name: 'web',
        unit: 'web.service',
        port: 8080,
        release: { kind: 'tarball', releases: '/opt/web/releases', current: '/opt/web/current' },
        health: { path: '/health', timeoutSeconds: 2 },
        limits: { switchSeconds: 120, healthySeconds: 60, freeMiB: 64, keepReleases: 5 },
      },
      version: '2.0.0',
      artifact: { source: { file: 'web.tar.gz' }, sha256: 'a'.repeat(64), size: 1 },
      previousArtifact: null,
      hosts: this.hosts.map((name) => ({
        name,
        places: [{ balancer: 'edge', backend: 'web', server: name }],
      })),
      batches,
      maxUnavailable: Number(input.maxUnavailable ?? 1),
      steps: [],
      checks: [],
      gate: plannedGate(input.gate),
      runOnce: planRunOnce(input.runOnce ?? [], this.hosts, this.hosts).steps,
      settings,
    };
    const hosts = Object.fromEntries(
      this.hosts.map((name) => [
        name,
        {
          version: this.versions[name] ?? '',
          traffic: { edge: { state: 'in' as const, weight: 100, sessions: 0 } },
          freeMiB: 1_000,
        },
      ]),
    );
    return {
      format: 2,
      intent,
      hash: digestOf(intent),
      observed: { at: '2026-01-01T00:00:00Z', hosts },
      notes: [],
    };
  }

  private async step(name: string, host: string): Promise<void> {
    await this.trouble[`${name} ${host}`]?.();
    this.journal.push(`${name} ${host}`);
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
      examineCluster: async () => {
        await this.trouble['examine']?.();
        return { at: new Date().toISOString(), looked: [`${this.hosts.length} hosts`], findings: [] };
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
      takeOut: async ({ host }) => {
        await this.step('takeOut', host.name);
        if (this.sessions) return { out: false, sessions: this.sessions, traffic: traffic('out') };
        this.out.add(host.name);
        this.mostOut = Math.max(this.mostOut, this.out.size);
        return { out: true, sessions: 0, traffic: traffic('out') };
      },
      switchRelease: async ({ host, version, round }) => {
        await this.step('switchRelease', host.name);
        if (!this.out.has(host.name))
          throw ApplicationFailure.nonRetryable(`${host.name} is in rotation`, 'Failed');
        this.journal.push(`${host.name} runs ${version} round ${round}`);
        this.versions[host.name] = version;
        return { reattached: false };
      },
      runCommand: async ({ host, step, command }) => {
        await this.step(`${step} on`, host);
        this.journal.push(command.join(' '));
        return { reattached: false };
      },
      proveHealthy: ({ host }) => this.step('proveHealthy', host.name),
      putBack: async ({ host }) => {
        await this.step('putBack', host.name);
        this.out.delete(host.name);
        return { traffic: traffic('in') };
      },
      confirmHealthy: async ({ hosts }) => {
        for (const { name } of hosts) await this.trouble[`confirm ${name}`]?.();
      },
      measureUsual: async () => {
        await this.trouble['usual']?.();
        return { p95Ms: 20, from: 'before the change' };
      },
      watchGate: async (input) => {
        const nth = this.looks.push(input) - 1;
        await this.trouble[`gate ${nth}`]?.();
        const tally = input.tally ?? newTally(nth);
        if (!input.tally) return { tally, judgement: { verdict: 'hold', text: 'begun', claims: [] } };
        const verdict = this.verdicts.length > 1 ? this.verdicts.shift()! : this.verdicts[0]!;
        return { tally, judgement: { verdict, text: `${verdict} at look ${nth}`, claims: [] } };
      },
      watchHosts: async ({ hosts }) => {
        for (const { name } of hosts) await this.trouble[`watch ${name}`]?.();
        // the real one looks on until the workflow's clock ends it; the test server skips time only while none runs
      },
    };
  }
}

/** Where a test asks for a gate; the others have none. */
function plannedGate(gate: Partial<Gate> | undefined): PlannedGate | null {
  const { enabled, ...limits } = Gate.parse(gate ?? { enabled: false });
  return enabled ? { ...limits, p95Source: 'probes', probePaths: ['/'] } : null;
}

/** @param begunAt tells tallies apart */
function newTally(begunAt: number): Tally {
  const none = { samples: 0, buckets: [] };
  return { begunAt, servers: {}, probes: { changed: none, others: none }, usage: {} };
}

export const fails = (type: string, message: string, details?: object) => () => {
  throw ApplicationFailure.nonRetryable(message, type, details);
};

const payloadConverterPath = require.resolve('../../src/temporal/payload-converter');
let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

export class Harness {
  private constructor(readonly env: TestWorkflowEnvironment) {}

  static async start(): Promise<Harness> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    bundle ??= bundleWorkflowCode({
      payloadConverterPath,
      workflowsPath: join(__dirname, '../../src/workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const path = await findTestServer();
    const env = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
    const types = { Keyword: 2, KeywordList: 7, Double: 4 } as const;
    await env.connection.operatorService
      .addSearchAttributes({
        namespace: 'default',
        searchAttributes: Object.fromEntries(
          Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, types[type]]),
        ),
      })
      .catch(() => undefined);
    return new Harness(env);
  }

  /** Runs a change with a worker of its own; `during` talks to it meanwhile. */
  async run(
    cluster: FakeCluster,
    input: FakeInput,
    during: (handle: WorkflowHandle<typeof rollingUpgrade>) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<{ end: string; report: Report; message: string }> {
    const taskQueue = randomUUID();
    const worker = await Worker.create({
      connection: this.env.nativeConnection,
      taskQueue,
      workflowBundle: await bundle!,
      activities: cluster.activities(),
      dataConverter: { payloadConverterPath },
    });
    return worker.runUntil(async () => {
      const handle = await this.env.client.workflow.start(rollingUpgrade, {
        taskQueue,
        workflowId: `upgrade-${randomUUID()}`,
        args: [input],
      });
      try {
        await during(handle);
        const report = await handle.result();
        return { end: report.phase, report, message: report.summary };
      } catch (error) {
        // a run without its worker would keep the server from skipping time for the next one
        await handle.terminate().catch(() => undefined);
        if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure))
          throw error;
        const { type, message, details } = error.cause;
        return { end: type ?? '', report: details?.[details.length - 1] as Report, message };
      }
    });
  }

  stop(): Promise<void> {
    return this.env.teardown();
  }
}

/** Waits in real time until the status is as wanted. */
export async function until(
  handle: WorkflowHandle<typeof rollingUpgrade>,
  reached: (status: Status) => boolean,
): Promise<Status> {
  for (let looks = 0; looks < 200; looks += 1) {
    const status = await handle.query(statusQuery).catch(() => null);
    if (status && reached(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not reached: ${JSON.stringify(await handle.query(statusQuery))}`);
}
