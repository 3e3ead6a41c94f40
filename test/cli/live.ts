import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { temporalDir } from '../../lab/temporal/record';
import { startTemporal, type TemporalServer } from '../../lab/temporal/server';
import type { Activities } from '../../src/activities';
import { refuseUnlessPlanned } from '../../src/activities/plan/as-planned';
import { leaseActivities } from '../../src/activities/lease';
import { parseRollingUpgrade } from '../../src/activities/plan/rolling-upgrade';
import { TASK_QUEUE } from '../../src/contracts/messages';
import { activityInterceptor } from '../../src/temporal/activity-interceptor';
import { BUILT } from '../built';
import type { FakeCluster } from '../workflows/harness';

/** A real Temporal server and a real worker with the real workflows; only the hosts are imagined. */
export class Live {
  private worker: { worker: Worker; connection: NativeConnection; running: Promise<void> } | undefined;

  private constructor(
    readonly server: TemporalServer,
    private readonly name: string,
    private readonly folder: string,
  ) {}

  static async start({ ui = false } = {}): Promise<Live> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const folder = await mkdtemp(join(tmpdir(), 'pawl-cli-'));
    const name = `cli-${randomUUID()}`;
    const server = await startTemporal({ name, dbFile: join(folder, 'temporal.db'), ui });
    return new Live(server, name, folder);
  }

  async startWorker(
    activities: Activities,
    namespace = 'default',
    more: Partial<WorkerOptions> = {},
  ): Promise<void> {
    const connection = await NativeConnection.connect({ address: this.server.address });
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: TASK_QUEUE,
      workflowBundle: BUILT,
      activities,
      interceptors: { activity: [activityInterceptor] },
      stickyQueueScheduleToStartTimeout: '1s',
      shutdownForceTime: '5s',
      ...more,
    });
    this.worker = { worker, connection, running: worker.run() };
  }

  /** Ends the runs that are still open, and what their activities do. */
  async endRuns(): Promise<void> {
    const connection = await Connection.connect({ address: this.server.address });
    const { workflow } = new Client({ connection });
    // the leases first: they would see to it that what the others leave is repaired
    const query = (type: string) => `ExecutionStatus = "Running" AND WorkflowType ${type} "lease"`;
    for (const type of ['=', '!='])
      for await (const { workflowId } of workflow.list({ query: query(type) }))
        await workflow
          .getHandle(workflowId)
          .terminate('its test is over')
          .catch(() => undefined);
    await connection.close();
  }

  async stopWorker(): Promise<void> {
    if (!this.worker) return;
    const { worker, connection, running } = this.worker;
    this.worker = undefined;
    worker.shutdown();
    await running;
    await connection.close();
  }

  async stop(): Promise<void> {
    await this.stopWorker();
    await this.server.stop();
    await rm(this.folder, { recursive: true });
    const records = (await readdir(temporalDir)).filter((file) => file.startsWith(this.name));
    await Promise.all(records.map((file) => rm(join(temporalDir, file))));
  }
}

/** Leases and changes are real, and so is the server that they meet on. */
function temporalOnly(steps: () => Activities) {
  return {
    ...leaseActivities(),
    raiseFences: (input) => steps().raiseFences(input),
    keepBalancers: (input) => steps().keepBalancers(input),
    lookAtBalancers: (input) => steps().lookAtBalancers(input),
    handBack: (input) => steps().handBack(input),
    planHealthWatch: (raw) => steps().planHealthWatch(raw),
    watchService: (input) => steps().watchService(input),
    findHolders: (input) => steps().findHolders(input),
    readState: (input) => steps().readState(input),
    lookAround: (input) => steps().lookAround(input),
  } satisfies Partial<Activities>;
}

/**
 * Activities on a cluster in memory, as slow as wished, that check their input as the real ones do.
 *
 * @param present the cluster of the moment, so that each test brings its own
 * @param slow milliseconds for each step
 */
export function imagined(present: () => FakeCluster, slow = 0): Activities {
  const steps = () => present().activities();
  return {
    planRollingUpgrade: async (raw) => {
      const input = parseRollingUpgrade(raw);
      await delay(slow);
      const plan = present().plan(input);
      refuseUnlessPlanned(input, plan);
      return { plan, dryRun: input.dryRun };
    },
    planConfigCanary: (raw) => steps().planConfigCanary(raw),
    findReleases: (asked) => steps().findReleases(asked),
    planNodeOffline: (raw) => steps().planNodeOffline(raw),
    planNodeOnline: (raw) => steps().planNodeOnline(raw),
    planNodeReplacement: (raw) => steps().planNodeReplacement(raw),
    planEmergencyRollback: (raw) => steps().planEmergencyRollback(raw),
    steerTesters: (input) => steps().steerTesters(input),
    noteStable: (input) => steps().noteStable(input),
    readCounters: (input) => steps().readCounters(input),
    roomForLoad: (input) => steps().roomForLoad(input),
    proveEqual: (input) => steps().proveEqual(input),
    stopService: (input) => steps().stopService(input),
    startService: (input) => steps().startService(input),
    markHost: (input) => steps().markHost(input),
    setWeights: (input) => steps().setWeights(input),
    planMaintenanceMode: (raw) => steps().planMaintenanceMode(raw),
    closeDoor: (input) => steps().closeDoor(input),
    openDoor: (input) => steps().openDoor(input),
    setFlag: (input) => steps().setFlag(input),
    guardDoors: () => Context.current().cancelled,
    examineCluster: (raw) => steps().examineCluster(raw),
    notify: (input) => steps().notify(input),
    testChannels: (raw) => steps().testChannels(raw),
    stageRelease: (input) => delay(slow).then(() => steps().stageRelease(input)),
    takeOut: (input) => delay(slow).then(() => steps().takeOut(input)),
    switchRelease: (input) => delay(slow).then(() => steps().switchRelease(input)),
    proveHealthy: (input) => delay(slow).then(() => steps().proveHealthy(input)),
    putBack: (input) => delay(slow).then(() => steps().putBack(input)),
    switchTraffic: (input) => delay(slow).then(() => steps().switchTraffic(input)),
    stageConfig: (input) => steps().stageConfig(input),
    keepConfig: (input) => steps().keepConfig(input),
    switchConfig: (input) => delay(slow).then(() => steps().switchConfig(input)),
    proveServed: (input) => steps().proveServed(input),
    findDrift: (raw) => steps().findDrift(raw),
    planBackup: (raw) => steps().planBackup(raw),
    openStore: (input) => steps().openStore(input),
    takeBackup: (input) => steps().takeBackup(input),
    readBack: (input) => steps().readBack(input),
    publishBackup: (input) => steps().publishBackup(input),
    clearBackup: (input) => steps().clearBackup(input),
    thinBackups: (input) => steps().thinBackups(input),
    lookAtBackups: (raw) => steps().lookAtBackups(raw),
    planRestore: (raw) => steps().planRestore(raw),
    stageRestore: (input) => steps().stageRestore(input),
    judgeStaged: (input) => steps().judgeStaged(input),
    swapIn: (input) => steps().swapIn(input),
    swapped: (input) => steps().swapped(input),
    clearRestore: (input) => steps().clearRestore(input),
    findStale: (input) => steps().findStale(input),
    planDrill: (raw) => steps().planDrill(raw),
    drillBackup: (input) => steps().drillBackup(input),
    judgeDrill: (input) => steps().judgeDrill(input),
    clearDrill: (input) => steps().clearDrill(input),
    planDisasterRecovery: (raw) => steps().planDisasterRecovery(raw),
    lookForDamage: (input) => steps().lookForDamage(input),
    fetchPackages: (input) => steps().fetchPackages(input),
    reinstallPackages: (input) => steps().reinstallPackages(input),
    setAsideRelease: (input) => steps().setAsideRelease(input),
    startSource: (input) => steps().startSource(input),
    runCommand: (input) => delay(slow).then(() => steps().runCommand(input)),
    lookAtHosts: (input) => steps().lookAtHosts(input),
    confirmHealthy: (input) => steps().confirmHealthy(input),
    measureUsual: (input) => steps().measureUsual(input),
    watchGate: (input) => steps().watchGate(input),
    ...temporalOnly(steps),
    // watches until the workflow's own clock ends it
    watchHosts: () => Context.current().cancelled,
  };
}
