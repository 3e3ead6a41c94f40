import { cancellationSignal, Context } from '@temporalio/activity';
import type { Examination } from '../contracts/examination';
import { DoctorInput } from '../contracts/examination';
import type { CommonInput } from '../contracts/inputs/common';
import type { Plan, PlannedHost, PlannedService } from '../contracts/plan';
import type { HostTraffic } from '../contracts/status';
import type { Jobs } from '../contracts/world';
import type { ArtifactStore } from '../adapters/artifacts';
import { badInput, parseInput } from '../domain/mistakes';
import type { ChangeRef } from './attempt';
import { backupActivities } from './backups';
import { drillActivities } from './backups/drill';
import { freshActivities } from './backups/fresh';
import { lookActivities } from './backups/look';
import { restoreActivities } from './backups/restore';
import { thinActivities } from './backups/thin';
import { balancerActivities } from './balancers';
import { parseConfigCanary, planConfig } from './plan/config-canary';
import { configActivities } from './config';
import { configSyncActivities } from './config-sync';
import { driftActivities } from './config-drift';
import { counterActivities } from './counters';
import { equalActivities } from './equal';
import { examine } from './examine';
import { fenceActivities } from './fences';
import { healthActivities } from './health';
import { healthWatchActivities } from './health-watch';
import { measureActivities } from './measure';
import { changeAtWork, leaseActivities } from './lease';
import { maintenanceActivities } from './maintenance';
import { notifyActivities } from './notify';
import { outOfServiceActivities } from './out-of-service';
import { parseDisasterRecovery, planDisaster } from './plan/disaster-recovery';
import type { Aim } from './plan/emergency-rollback';
import { parseEmergencyRollback, planRollback } from './plan/emergency-rollback';
import { parseNodeOffline, planOffline } from './plan/node-offline';
import { parseNodeReplacement, planReplacement } from './plan/node-replacement';
import { parseNodeOnline, planOnline } from './plan/node-online';
import { asItIs, observeHost } from './plan/observe';
import { refuseUnlessPlanned } from './plan/as-planned';
import { parseMaintenanceMode, planMaintenance } from './plan/maintenance-mode';
import { parseRollingUpgrade, planUpgrade } from './plan/rolling-upgrade';
import { rampActivities } from './ramp';
import { recoveryActivities } from './recovery';
import { bringBackActivities } from './recovery/bring-back';
import { releaseActivities } from './releases';
import { roomActivities } from './room';
import { runOnceActivities } from './run-once';
import { searchActivities } from './search';
import { serviceActivities } from './services';
import { stableActivities } from './stable';
import { switchActivities } from './switch-traffic';
import { testersActivities } from './testers';
import { trafficActivities } from './traffic';
import { watchActivities } from './watch';
import type { World, Worlds } from './world';

/** What activities need of the world. */
export interface Outside {
  worlds: Worlds;
  jobs: Jobs;
  artifacts: ArtifactStore;
  /** true when this worker is about to end */
  leaving?: () => boolean;
}

/** A plan activity: input → plan, with nothing touched. A plan that was asked for and is not true any more is refused. */
function planning<C extends Omit<CommonInput, 'service'>>(
  worlds: Worlds,
  parse: (raw: unknown) => C,
  plan: (input: C, world: World, signal: AbortSignal) => Promise<Plan>,
) {
  return async (raw: unknown): Promise<{ plan: Plan; dryRun: boolean }> => {
    const input = parse(raw);
    const made = await plan(input, await worlds.read(input.cluster), cancellationSignal());
    refuseUnlessPlanned(input, made);
    if (input.dryRun && made.unready) throw badInput(made.unready);
    return { plan: made, dryRun: input.dryRun };
  };
}

export function createActivities({ worlds, jobs, artifacts, leaving }: Outside) {
  return {
    /** The plan of a rolling upgrade; all mistakes of the input end it as BadInput. */
    planRollingUpgrade: planning(worlds, parseRollingUpgrade, (input, world, signal) =>
      planUpgrade(input, world, artifacts, signal),
    ),
    planConfigCanary: planning(worlds, parseConfigCanary, planConfig),
    planNodeOffline: planning(worlds, parseNodeOffline, planOffline),
    planNodeReplacement: planning(worlds, parseNodeReplacement, planReplacement),
    planNodeOnline: planning(worlds, parseNodeOnline, planOnline),
    planDisasterRecovery: planning(worlds, parseDisasterRecovery, (input, world, signal) =>
      planDisaster(input, world, artifacts, signal),
    ),
    /** The plan of an emergency rollback. @param asked.before the one before, of the same run */
    planEmergencyRollback: ({ input, before }: { input: unknown; before?: Aim }) =>
      planning(worlds, parseEmergencyRollback, (parsed, world, signal) => {
        const { client } = Context.current();
        const atWork = before ? undefined : changeAtWork(client, world.cluster.cluster, parsed.service);
        return planRollback(parsed, world, { before, atWork }, signal);
      })(input),
    /** The plan of a maintenance. @param asked.at when it was asked for, milliseconds */
    planMaintenanceMode: (asked: { input: unknown; at: number }) =>
      planning(worlds, parseMaintenanceMode, (input, world, signal) =>
        planMaintenance(input, world, asked.at, signal),
      )(asked.input),
    /** What keeps hosts and balancers from being worked on. Changes nothing. */
    async examineCluster(raw: unknown): Promise<Examination> {
      const input = parseInput(DoctorInput, raw);
      const world = await worlds.anew(input.cluster);
      try {
        return await examine(input, world, cancellationSignal());
      } finally {
        await world.hosts.close();
      }
    },
    /** How hosts are now. Changes nothing; what cannot be read is `unknown`. */
    async lookAtHosts(input: { change: ChangeRef; service: PlannedService; hosts: PlannedHost[] }) {
      const world = await worlds.of(input.change.cluster);
      return Promise.all(
        input.hosts.map(async (host) => {
          const { facts } = await observeHost(world, input.service, host, cancellationSignal(), asItIs);
          const unknown: HostTraffic = { state: 'unknown', weight: 0, sessions: 0 };
          const places = host.places.map(({ balancer }) => [balancer, facts.traffic[balancer] ?? unknown]);
          const balancers = Object.fromEntries(places) as Record<string, HostTraffic>;
          return { name: host.name, version: facts.version || 'unknown', balancers };
        }),
      );
    },
    ...trafficActivities(worlds),
    ...counterActivities(worlds),
    ...roomActivities(worlds),
    ...switchActivities(worlds),
    ...rampActivities(worlds),
    ...serviceActivities(worlds, jobs),
    ...outOfServiceActivities(worlds),
    ...stableActivities(worlds),
    ...equalActivities(worlds),
    ...releaseActivities(worlds, jobs, artifacts),
    ...runOnceActivities(worlds, jobs),
    ...configActivities(worlds, jobs),
    ...configSyncActivities(worlds),
    ...driftActivities(worlds),
    ...backupActivities(worlds, jobs),
    ...drillActivities(worlds, jobs),
    ...bringBackActivities(worlds, jobs),
    ...restoreActivities(worlds, jobs),
    ...thinActivities(worlds, jobs),
    ...lookActivities(worlds),
    ...recoveryActivities(worlds),
    ...freshActivities(worlds),
    ...testersActivities(worlds),
    ...healthActivities(worlds),
    ...watchActivities(worlds),
    ...measureActivities(worlds),
    ...leaseActivities(leaving),
    ...balancerActivities(worlds, leaving),
    ...healthWatchActivities(worlds, leaving),
    ...fenceActivities(worlds),
    ...searchActivities(worlds),
    ...notifyActivities(worlds),
    ...maintenanceActivities(worlds),
  };
}

export type Activities = ReturnType<typeof createActivities>;
